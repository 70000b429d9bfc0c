/** Who draws random numbers from a generator that all share, and who seeds it. The harness and the capture seed none: `run.seed` is for the script to use. */
import type { RandomUse, ScriptFacts } from "../facts.ts";
import type { Call, Reading } from "./reading.ts";

type Library = RandomUse["library"];
const ALL: readonly Library[] = ["random", "numpy", "torch", "tensorflow"];

/** The start of a path, and what of it draws from the generator. */
const DRAWS: readonly (readonly [start: string, library: Library, name: RegExp])[] = [
  [
    "random.",
    "random",
    /^(?:random|randint|randrange|randbytes|getrandbits|choices?|shuffle|sample|uniform|triangular|gauss|normalvariate|\w+variate)$/,
  ],
  [
    "numpy.random.",
    "numpy",
    /^(?:rand|randn|randint|random|random_sample|ranf|sample|bytes|choice|shuffle|permutation|normal|standard_\w+|uniform|beta|binomial|dirichlet|exponential|f|gamma|geometric|gumbel|laplace|logistic|lognormal|multinomial|multivariate_normal|pareto|poisson|power|rayleigh|triangular|vonmises|wald|weibull|zipf)$/,
  ],
  [
    "torch.",
    "torch",
    /^(?:rand|randn|randint|randperm|rand_like|randn_like|randint_like|normal|bernoulli|multinomial|poisson)$/,
  ],
  [
    "tensorflow.random.",
    "tensorflow",
    /^(?:normal|uniform|shuffle|truncated_normal|gamma|poisson|categorical)$/,
  ],
];

const SEEDS: Readonly<Record<string, readonly Library[]>> = {
  "random.seed": ["random"],
  "numpy.random.seed": ["numpy"],
  "torch.manual_seed": ["torch"],
  "torch.random.manual_seed": ["torch"],
  "tensorflow.random.set_seed": ["tensorflow"],
  "tensorflow.keras.utils.set_random_seed": ["random", "numpy", "tensorflow"],
  "keras.utils.set_random_seed": ALL,
  "determined.pytorch.init": ["random", "numpy", "torch"],
};
/** Other libraries' and people's own words for: all of them. */
const SEEDS_ALL = /^(?:(?:set|fix|setup|init)_(?:all_|random_)?seeds?|seed_(?:everything|all))$/;

export function readRandom(reading: Reading): Pick<ScriptFacts, "randomUses" | "seeded"> {
  const randomUses: RandomUse[] = [];
  const seeded = new Set<Library>();
  for (const call of reading.calls) {
    for (const one of seedsOf(call)) seeded.add(one);
    const library = drawnBy(call, reading);
    const called = call.node.child("function");
    if (library && called)
      randomUses.push({ library, what: reading.source.of(called), range: reading.source.range(call.node) });
  }
  return { randomUses, seeded };
}

function seedsOf({ path, name, args }: Call): readonly Library[] {
  const known = Object.hasOwn(SEEDS, path) ? SEEDS[path] : undefined;
  const isTold = args.positional.length + args.named.size + args.splats.length > 0;
  if (known) return isTold || path === "determined.pytorch.init" ? known : [];
  // Of a function of the script itself its own calls say which.
  if (SEEDS_ALL.test(name) && !path.startsWith("local.") && !path.startsWith("self.")) return ALL;
  // The Trainer seeds all, from its arguments.
  return path.startsWith("transformers.") && name.endsWith("Trainer") ? ALL : [];
}

function drawnBy(call: Call, reading: Reading): Library | null {
  const { path, name, args } = call;
  const isSeeded = args.positional.length + args.named.size + args.splats.length > 0;
  if (path === "numpy.random.default_rng" || path === "numpy.random.RandomState")
    return isSeeded ? null : "numpy";
  if (path === "torch.utils.data.DataLoader")
    return reading.literal(args.named.get("shuffle")?.value ?? null) === true && !args.named.has("generator")
      ? "torch"
      : null;
  if (path === "sklearn.model_selection.train_test_split")
    return args.named.has("random_state") || args.splats.length > 0 ? null : "numpy";
  const draws = DRAWS.find(([start, , names]) => path === start + name && names.test(name));
  return draws && !args.named.has("generator") ? draws[1] : null;
}
