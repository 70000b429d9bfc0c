/** Who imports one of these trains something, or looks at what was trained. */
export const TRAINING_MODULES = [
  ...["trainyard", "torch", "lightning", "pytorch_lightning", "transformers", "accelerate", "keras"],
  ...["tensorflow", "jax", "flax", "sklearn", "xgboost", "lightgbm", "catboost", "determined", "wandb"],
  ...["mlflow", "tensorboardX", "hydra"],
];
