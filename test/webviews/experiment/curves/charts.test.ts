import { describe, expect, it } from "vitest";
import { metricCharts, nameFilter, systemCharts } from "../../../../src/webviews/experiment/curves/charts.ts";
import { series, trial } from "../../support/fixtures.ts";

const trials = new Map(
  [1, 2, 9].map((number) => [`12.${number}`, trial({ id: `12.${number}`, number })] as const),
);

describe("metricCharts", () => {
  it("puts a name of both groups on one chart, training solid and validation dashed", () => {
    const [chart, ...others] = metricCharts(
      [series({ group: "validation", name: "accuracy" }), series({ name: "accuracy" })],
      trials,
    );
    expect(others).toEqual([]);
    expect(chart?.curves.map(({ label, dash }) => [label, dash.length > 0])).toEqual([
      ["training", false],
      ["validation", true],
    ]);
  });

  it("gives loss and val_loss a chart each, and leaves the machine out", () => {
    const charts = metricCharts(
      [
        series(),
        series({ group: "validation", name: "val_loss" }),
        series({ group: "system", name: "cpu_percent" }),
      ],
      trials,
    );
    expect(charts.map((chart) => chart.title)).toEqual(["loss", "val_loss"]);
    expect(charts[1]?.curves[0]?.dash.length).toBeGreaterThan(0);
  });

  it("names trials where there are several, and gives each the same colour everywhere", () => {
    const [chart] = metricCharts(
      [series({ trialId: "12.9" }), series({ trialId: "12.2" }), series({ trialId: "12.1" })],
      trials,
    );
    expect(chart?.curves.map(({ label, colour }) => [label, colour])).toEqual([
      ["trial 1", 0],
      ["trial 2", 1],
      ["trial 9", 0],
    ]);
  });

  it("tells ranks apart", () => {
    const [chart] = metricCharts([series(), series({ rank: 1 })], trials);
    expect(chart?.curves.map((curve) => curve.label)).toEqual(["training", "training rank 1"]);
  });
});

describe("systemCharts", () => {
  it("puts all GPUs on one chart for each quantity, and names what it does not know", () => {
    const names = ["memory_bytes", "gpu1_percent", "gpu0_percent", "cpu_percent", "gpu0_power_w", "fans"];
    const charts = systemCharts(names.map((name) => series({ group: "system", name })));
    expect(charts.map((chart) => chart.title)).toEqual(["GPU", "CPU", "Memory", "GPU power", "fans"]);
    expect(charts[0]?.curves.map((curve) => curve.label).sort()).toEqual(["GPU 0", "GPU 1"]);
    expect(charts[2]?.unit.format?.(2e9)).toBe("2 GB");
  });
});

describe("nameFilter", () => {
  it("takes text and regular expressions without regard to case", () => {
    expect(nameFilter("val|LOSS").matches?.("train_loss")).toBe(true);
    expect(nameFilter("^val").matches?.("train_val")).toBe(false);
    expect(nameFilter("  ").matches?.("anything")).toBe(true);
  });
  it("says what is wrong with a broken one", () => {
    const filter = nameFilter("val|(");
    expect(filter.matches).toBeNull();
    expect(filter.error).toMatch(/^Not a regular expression: .+/);
  });
});
