import { expect, test } from "vitest";
import { authorityOf, parsePoolPath, pathOf, poolIdOf } from "../../../src/extension/editor/poolUri.ts";

const UUID = "0b9c1f4e-6a55-4a0c-9c6e-2f4d3c1b0a99";

test("an address says whose file it is, and which", () => {
  for (const [place, file, address] of [
    [{ kind: "run", runId: "12.1.1" }, "plots/loss.png", "/run/12.1.1/plots/loss.png"],
    [{ kind: "checkpoint", uuid: UUID }, "model.safetensors", `/checkpoint/${UUID}/model.safetensors`],
    [{ kind: "snapshot", experimentId: 12 }, "", "/snapshot/12"],
  ] as const) {
    expect(pathOf(place, file)).toBe(address);
    expect(parsePoolPath(address)).toEqual({ place, path: file });
  }
});

test("what lies above is a folder", () => {
  expect(parsePoolPath("/")).toEqual({ place: null, path: "" });
  expect(parsePoolPath("/run/")).toEqual({ place: null, path: "run" });
});

test.each([
  "/pool.sqlite",
  "/constructor/1",
  "/run/12",
  "/run/12.1.1/../../state",
  "/run/./12.1.1",
  `/checkpoint/${UUID.toUpperCase()}/x`,
  "/snapshot/0/x",
  "/snapshot/1e3/x",
])("%s is no address", (address) => {
  expect(parsePoolPath(address)).toBeNull();
});

test("a pool's name comes back from an authority as it was", () => {
  for (const name of ["local", "gpu1", "Lab.Über_2"])
    expect(poolIdOf(authorityOf(name, "local").toLowerCase(), "local")).toBe(name);
});
