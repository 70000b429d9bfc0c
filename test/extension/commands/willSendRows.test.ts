import { expect, test } from "vitest";
import { willSendRows } from "../../../src/extension/commands/willSendRows.ts";

test("what is sent, linked and left, each with what can be done about it", () => {
  const rows = willSendRows(
    {
      root: "/home/ada/project",
      files: 3,
      bytes: 2000,
      linked: [
        {
          path: "data",
          target: "/home/ada/project/data",
          reason: "a data folder; ignored by .gitignore:1 (data)",
        },
        { path: "big", target: "/disk/big", reason: "linked by you; ignored by .gitignore:2 (big)" },
      ],
      leftOut: [
        { path: "out", reason: "ignored by .gitignore:3 (out)", bytes: 5000, linkable: true },
        { path: "docs", reason: "left out by you", bytes: null },
        { path: ".venv", reason: "a Python environment", bytes: null },
      ],
    },
    [{ path: "src", files: 2, bytes: 1500 }],
  );
  const shown = rows.map((row) =>
    "section" in row ? row.section : `${row.path} [${row.action ?? "-"}] ${row.description}`,
  );
  expect(shown).toEqual([
    "Will send: 3 files, 2.0 kB; the largest are",
    "src [leaveOut] 1.5 kB, 2 files",
    "Linked into the run, not part of the snapshot",
    "data [-] a data folder; ignored by .gitignore:1 (data)",
    "big [unlink] /disk/big, linked by you; ignored by .gitignore:2 (big)",
    "Will not send",
    "out [link] ignored by .gitignore:3 (out), 5.0 kB",
    "docs [takeIn] left out by you",
    ".venv [-] a Python environment",
  ]);
});
