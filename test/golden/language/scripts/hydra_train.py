import logging

import hydra
import mlflow
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

log = logging.getLogger(__name__)


def make_optimizer(model, cfg):
    if cfg.name.lower() == "sgd":
        return torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.get("momentum", 0.9))
    return torch.optim.AdamW(model.parameters(), lr=cfg["lr"], betas=tuple(cfg.betas))


class Experiment:
    def __init__(self, cfg: DictConfig, model=None):
        self.cfg = cfg
        self.model = model if model is not None else instantiate(cfg.model)
        self.optimizer = make_optimizer(self.model, cfg.optimizer)

    def run(self):
        training = self.cfg.training
        for epoch in range(training.epochs):
            values = self.epoch(training["batch_size"])
            mlflow.log_metric("train_loss", values.loss, step=epoch)
            mlflow.log_metrics({"val_loss": values.val_loss, **self.others()}, step=epoch)

    def others(self):
        return dict(lr=self.cfg.optimizer.lr, val_acc=0.5)

    def epoch(self, batch_size):
        raise NotImplementedError


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    log.info(OmegaConf.to_yaml(cfg))
    torch.manual_seed(cfg.seed)
    with mlflow.start_run(run_name=cfg.get("name")):
        Experiment(cfg).run()


if __name__ == "__main__":
    main()
