import { describe, expect, it } from "vitest";
import { factsOf, parametersOf, textAt } from "./facts.ts";

describe("the harness's parameters", () => {
  it.each([
    ["import trainyard\ntrainyard.param('lr', 1e-3)", "param lr=0.001: float"],
    ["import trainyard as ty\nty.param('lr', 1_000)", "param lr=1000: int"],
    ["from trainyard import param as p\np('a.b', default=-1)", "param a.b=-1: int"],
    ["from trainyard import *\nparam('lr', True)", "param lr=true: bool"],
    ["import trainyard\nrun = trainyard.init(strict=True)\nrun.param('name', 'x')", 'param name="x": str'],
    ["import trainyard\ndef f(run):\n  run.param('lr', (1, 2.5))", "param lr=[1,2.5]"],
    ["import trainyard\ndef f(r: trainyard.Run):\n  r.param('lr', 1.0)", "param lr=1: float"],
    ["import trainyard\ntrainyard.param('lr')", "param lr"],
    ["import trainyard\ntrainyard.param('lr', 1 / 3)", "param lr"],
    ["import trainyard\ntrainyard.param('a' 'b', None)", ""],
    ["import trainyard\nrun = trainyard.init()\nrun.params['a']['b']", "subscript a.b"],
    ["import trainyard\nrun = trainyard.init()\nx = run.params.optimizer.lr", "subscript optimizer.lr"],
    ["import trainyard\np = trainyard.init().params\nprint(p['lr'])", "subscript lr"],
    ["import trainyard\np = trainyard.init().params\np.get('lr', 3)", "subscript lr=3: int"],
    ["import trainyard\no = trainyard.init().params.optimizer\nf(o.lr)", "subscript optimizer.lr"],
    ["import trainyard\nprint(f\"{trainyard.init().params['lr']}\")", "subscript lr"],
    ["import trainyard\nif (p := trainyard.init().params)['lr']: pass", "subscript lr"],
    ["def f():\n  return p['lr']\nimport trainyard\np = trainyard.init().params", "subscript lr"],
    ["import trainyard\ndef f(p): return p['lr']\nf(p=trainyard.init().params)", "subscript lr"],
    [
      "import trainyard\nclass A:\n  def __init__(self, r): self.p = r.params\n  def f(self): self.p.lr\nA(trainyard.init())",
      "subscript lr",
    ],
    ["import trainyard\nh = dict(trainyard.init().params)\nh['lr']", "subscript lr"],
    ["params['lr']\nargs.lr\nrun.param('lr', 1)", ""],
    ["import other\nother.param('lr', 1)", ""],
  ])("%j", (text, expected) => {
    expect(parametersOf(text).join(" ")).toBe(expected);
  });

  it("says where name and default stand", () => {
    const text = 'import trainyard\nlr = trainyard.param(\n  """learning_rate""",\n  default=1e-3,\n)\n';
    const [found] = factsOf(text).parameters;
    expect(textAt(text, found?.nameRange ?? null)).toBe("learning_rate");
    expect(textAt(text, found?.defaultRange ?? null)).toBe("1e-3");
    expect(textAt(text, found?.range ?? null)).toMatch(/^trainyard.param\([^]*\)$/);
  });

  it.each([
    ["import trainyard\ntrainyard.param(name, 1)", true],
    ["import trainyard\np = trainyard.init().params\np[name]", true],
    ["import trainyard\ntrain(**trainyard.init().params)", true],
    ["import trainyard\nfor k, v in trainyard.init().params.items(): pass", true],
    ["import trainyard, elsewhere\nelsewhere.train(trainyard.init().params)", true],
    ["import trainyard\nprint(trainyard.init().params)", false],
    ["import trainyard\np = trainyard.init().params\nassert 'lr' in p\np.lr", false],
    ["import trainyard\ndef f(p): return p.lr\nf(trainyard.init().params)", false],
    ["import sys\nlr = float(sys.argv[1])", true],
    ["import subprocess\nsubprocess.run(['python', 'train.py'])", true],
    ["from jsonargparse import CLI\nfrom model import Model\nCLI(Model)", true],
    ["import argparse\nfrom flags import parser\nparser.parse_args()", true],
    ["import argparse\np = argparse.ArgumentParser()\nargs, rest = p.parse_known_args()", true],
    ["import argparse\np = argparse.ArgumentParser()\nargs, _ = p.parse_known_args()", false],
    ["import argparse\np = argparse.ArgumentParser()\nfor a in all: p.add_argument('--' + a)", true],
  ])("whether names cannot be told: %j", (text, expected) => {
    expect(factsOf(text).readsAnyParameter).toBe(expected);
  });
});

describe("flags", () => {
  it.each([
    ["'--lr', type=float, default=1", "lr=1: float"],
    ["'-l', '--learning-rate', '--lr', default=1e-3", "learning_rate=0.001: float"],
    ["'-n', type=int", "n: int"],
    ["'--no-cuda', action='store_true'", "no_cuda=false: bool"],
    ["'--cuda', action='store_false', dest='cpu'", "cpu=true: bool"],
    ["'--amp', action=argparse.BooleanOptionalAction", "amp: bool"],
    ["'--opt', choices=['a', 'b'], default='a'", 'opt="a": str of ["a","b"]'],
    ["'--depth', type=int, choices=range(3)", "depth: int"],
    ["'--betas', type=float, nargs='+', default=[0.9, 0.99]", "betas=[0.9,0.99]"],
    ["'--size', type=parse_size, default='10x10'", 'size="10x10": str'],
  ])("add_argument(%s)", (given, expected) => {
    const text = `import argparse\ngroup = argparse.ArgumentParser().add_argument_group()\ngroup.add_argument(${given})`;
    expect(parametersOf(text)).toEqual([`argparse ${expected}`]);
  });

  it("are none where an argument has a place, or only helps", () => {
    expect(parametersOf("p.add_argument('data', nargs='*')\np.add_argument('-V', action='version')")).toEqual(
      [],
    );
  });

  it("say their other names", () => {
    const [found] = factsOf("p.add_argument('-l', '--learning-rate', '--lr', dest='rate')").parameters;
    expect([found?.name, found?.aliases]).toEqual(["rate", ["l", "learning_rate", "lr"]]);
  });

  it.each([
    ["'--lr', default=1e-3", "lr=0.001: float"],
    ["'-b', '--batch-size', 'size', type=int", "size: int"],
    ["'--shout/--no-shout', default=False", "shout=false: bool"],
    ["'--opt', type=click.Choice(['a', 'b'])", 'opt: str of ["a","b"]'],
    ["'--Upper', is_flag=True", "upper=false: bool"],
  ])("click.option(%s)", (given, expected) => {
    expect(parametersOf(`import click\n@click.option(${given})\ndef f(): pass`)).toEqual([
      `click ${expected}`,
    ]);
  });

  it("of absl", () => {
    const text =
      "from absl import flags\nflags.DEFINE_enum('opt', 'a', ['a', 'b'], 'help')\nflags.DEFINE_integer('n', None, '')";
    expect(parametersOf(text)).toEqual(['argparse opt="a": str of ["a","b"]', "argparse n=null: int"]);
  });

  it("of typer and fire, from functions", () => {
    const typer = `import typer
app = typer.Typer()
@app.command()
def main(data: str, lr: float = 1e-3, n: int = typer.Option(3, "--n"), name: Annotated[str, typer.Option()] = "x"): pass`;
    expect(parametersOf(typer)).toEqual(["click lr=0.001: float", "click n=3: int", 'click name="x": str']);
    const fire = "import fire\ndef train(lr=1e-3, *, n: int = 2): pass\nfire.Fire(train)";
    expect(parametersOf(fire)).toEqual(["argparse lr=0.001: float", "argparse n=2: int"]);
  });

  it("of dataclasses, nested where the parser nests them", () => {
    const classes =
      "from dataclasses import dataclass\n@dataclass\nclass A:\n  lr: float = 1e-3\n@dataclass\nclass B:\n  a: A\n  n: int = 1\n";
    expect(parametersOf(`${classes}import tyro\ntyro.cli(B)`)).toEqual([
      "dataclass a.lr=0.001: float",
      "dataclass n=1: int",
    ]);
    expect(parametersOf(`${classes}import draccus\n@draccus.wrap()\ndef main(cfg: B): pass`)).toHaveLength(2);
    expect(parametersOf(`${classes}import simple_parsing\nsimple_parsing.parse(A)`)).toEqual([
      "dataclass lr=0.001: float",
    ]);
    expect(parametersOf(`${classes}B(A())`)).toEqual([]);
  });
});

describe("Hydra and Determined", () => {
  it.each([
    [
      "import hydra\n@hydra.main()\ndef main(cfg):\n  f(cfg.a.b, cfg['c'], cfg.get('d', 1))",
      "hydra a.b|hydra c|hydra d=1: int",
    ],
    ["import hydra\n@hydra.main()\ndef main(cfg):\n  cfg.name.lower()\n  cfg.lr = 3", "hydra name"],
    ["import hydra\n@hydra.main()\ndef main(cfg):\n  for x in cfg.layers[0]: pass", "hydra layers"],
    ["from hydra import compose\ncfg = compose('x')\nprint(cfg.lr)", "hydra lr"],
    ["import determined\ndef f(context): return context.get_hparam('lr')", "determined lr"],
    ["import determined as det\nh = det.get_cluster_info().trial.hparams\nh['a']['b']", "determined a.b"],
    [
      "import determined\nclass T:\n  def __init__(self, c):\n    self.h = AttrDict(c.get_hparams())\n    self.h.lr",
      "determined lr",
    ],
  ])("%j", (text, expected) => {
    expect(parametersOf(text).join("|")).toBe(expected);
  });
});
