/** Above the place where a script begins: Submit as Experiment. */
import type { Feature } from "../feature.ts";
import type { Workspace } from "../workspace.ts";

/** Who imports one of these trains something, or looks at what was trained. */
const TRAINING_MODULES = [
  ...[
    "trainyard",
    "torch",
    "lightning",
    "pytorch_lightning",
    "transformers",
    "accelerate",
    "keras",
    "tensorflow",
  ],
  ...[
    "jax",
    "flax",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "determined",
    "wandb",
    "mlflow",
    "tensorboardX",
  ],
  "hydra",
];

export const submitLens = (workspace: Workspace): Feature => ({
  name: "submit",
  lenses: async (document) => {
    if (!workspace.state.settings.lenses || document.path === null) return [];
    const script = await document.script();
    const facts = script?.facts;
    if (!facts?.entry || !TRAINING_MODULES.some((name) => facts.imports.has(name))) return [];
    return [
      {
        range: facts.entry,
        command: {
          title: "$(rocket) Submit as Experiment",
          command: "trainyard.submit",
          arguments: [document.path],
        },
      },
    ];
  },
});
