import { expect, it } from "vitest";
import { streamLabel, streamToShow } from "../../../../src/webviews/experiment/output/streams.ts";

const sizes = (stdout: number, stderr: number) => ({ stdout, stderr });

it("shows the one that has something, and stays with what is read", () => {
  expect(streamToShow("stdout", sizes(0, 0), false)).toBe("stdout");
  expect(streamToShow("stdout", sizes(0, 7), false)).toBe("stderr");
  expect(streamToShow("stderr", sizes(5, 7), false)).toBe("stderr");
  expect(streamToShow("stdout", sizes(5, 7), false)).toBe("stdout");
  expect(streamToShow("stderr", sizes(5, 0), false)).toBe("stdout");
});

it("shows the traceback of a run that failed", () => {
  expect(streamToShow("stdout", sizes(5, 7), true)).toBe("stderr");
  expect(streamToShow("stdout", sizes(5, 0), true)).toBe("stdout");
  expect(streamToShow("stderr", sizes(5, 0), true)).toBe("stdout");
});

it("says how much each holds", () => {
  expect(streamLabel("stderr", null)).toBe("stderr");
  expect(streamLabel("stderr", sizes(5, 2000))).toBe("stderr (2 KB)");
  expect(streamLabel("stdout", sizes(0, 2000))).toBe("stdout (empty)");
});
