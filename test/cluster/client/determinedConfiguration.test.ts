import { expect, test } from "vitest";
import { parseConfiguration } from "../../../src/cluster/client/configuration.ts";

/** Every key of Determined 0.38's reference, in values that it accepts. */
const EVERYTHING = `name: everything
description: null
labels: [a, b]
workspace: w
project: p
data: {url: "https://example.org", secrets: {key: x}}
entrypoint: [python3, -m, determined.launch.torch_distributed, --, python3, train.py]
hyperparameters:
  global_batch_size: 64
  fixed: {type: const, val: 3}
  layers: {type: int, minval: 1, maxval: 4, count: 2}
  dropout: {type: double, minval: 0.1, maxval: 0.5, count: 2}
  lr: {type: log, base: 10, minval: -4, maxval: -1, count: 2}
  optimizer: {type: categorical, vals: [sgd, adam, 3, null, [1]]}
  nested: {deeper: {type: int, minval: 1, maxval: 2, count: 2}, empty: {}}
searcher:
  name: adaptive_asha
  metric: validation_loss
  smaller_is_better: false
  source_trial_id: null
  source_checkpoint_uuid: null
  max_trials: 8
  max_concurrent_trials: 0
  time_metric: batches
  max_time: 100
  mode: aggressive
  divisor: 3.5
  max_rungs: 3
  bracket_rungs: [2, 3]
  stop_once: null
resources:
  slots_per_trial: 0
  max_slots: null
  weight: 2
  priority: null
  resource_pool: ""
  is_single_node: null
  shm_size: 128M
  devices: [{host_path: /dev/infiniband, container_path: /dev/infiniband, mode: mrw}]
  slots: null
  native_parallel: false
  agent_label: x
checkpoint_policy: best
checkpoint_storage:
  type: s3
  bucket: b
  access_key: k
  secret_key: s
  endpoint_url: https://example.org
  prefix: p
  save_experiment_best: 0
  save_trial_best: 1
  save_trial_latest: 1
min_checkpoint_period: {batches: 0}
min_validation_period: {epochs: 1}
perform_initial_validation: true
scheduling_unit: 100
records_per_epoch: 0
max_restarts: 5
preemption_timeout: null
reproducibility: {experiment_seed: 2147483647}
environment:
  image: {cpu: a, cuda: b, rocm: c, gpu: d}
  environment_variables: {cpu: [A=1], cuda: [B=2], rocm: []}
  proxy_ports: [{proxy_port: 8080, proxy_tcp: true, unauthenticated: false, default_service_id: false}]
  ports: {a: 1}
  force_pull_image: false
  registry_auth: {username: u}
  add_capabilities: [SYS_PTRACE]
  drop_capabilities: []
  pod_spec: {spec: {}}
bind_mounts: [{host_path: /data, container_path: data, read_only: true, propagation: rprivate}]
log_policies:
  - {name: mine, pattern: ".*oops.*", action: cancel_retries}
  - {pattern: ".*ECC.*", action: {type: exclude_node}}
retention_policy: {log_retention_days: -1}
profiling: {enabled: true, begin_on_batch: 0, end_after_batch: null, sync_timings: true}
optimizations: {aggregation_frequency: 2, mixed_precision: O0}
integrations: {pachyderm: {}, webhooks: {webhook_id: [1], webhook_name: [a], exclude: false}}
slurm: {slots_per_node: 4, gpu_type: a, sbatch_args: [x]}
pbs: {slots_per_node: 4, pbsbatch_args: [x]}
debug: false
data_layer: {type: shared_fs}
internal: {}
security: {}
tensorboard_storage: {type: shared_fs}
`;

test("every key is accepted, and what has no effect is said with its line", () => {
  const { notes, notYet, value } = parseConfiguration("everything.yaml", EVERYTHING);
  expect(notYet).toEqual([]);
  expect(value.searcher).toMatchObject({ max_time: 100, divisor: 3.5, bracket_rungs: [2, 3] });
  const lines = EVERYTHING.split("\n");
  for (const { line, message } of notes) {
    const key = /^`(?:.*\.)?(\w+)` has no effect here\./.exec(message)?.[1] ?? "";
    expect(lines[line - 1]).toContain(`${key}:`);
  }
  const said = notes.map(({ message }) => message.split("`")[1]);
  expect(said).toEqual(expect.arrayContaining(["bind_mounts", "environment.image", "slurm", "debug"]));
  // What is acted on is not said to be without effect.
  for (const key of ["max_restarts", "log_policies", "searcher.divisor", "resources.weight", "labels"])
    expect(said).not.toContain(key);
});

test.each([
  "searcher: {name: single, metric: loss, max_length: 100}",
  "searcher: {name: single, metric: loss, max_length: {records: 5000}}",
  "searcher: {name: random, metric: loss, max_trials: 2, max_concurrent_trials: 1, max_length: {epochs: 3}}",
  "searcher: {name: grid, metric: loss}",
  "searcher: {name: async_halving, metric: loss, num_rungs: 3, max_trials: 4, max_length: {batches: 64}, stop_once: true}",
  "entrypoint: model_def:MyTrial\nsearcher: {name: single, metric: loss, max_length: {epochs: 1}}\nscheduling_unit: 10",
])("a configuration of before 0.38 without a word: %s", (text) => {
  const { notes, notYet } = parseConfiguration("old.yaml", `${text}\n`);
  expect([notes, notYet]).toEqual([[], []]);
});
