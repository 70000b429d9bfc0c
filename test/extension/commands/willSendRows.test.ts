import { expect, test } from "vitest";
import { willSendRows } from "../../../src/extension/commands/willSendRows.ts";

test("what is sent, linked and left, each with what can be done about it", () => {
  const rows = willSendRows(
    {
      root: "/home/ada/project",
      files: 3,
      bytes: 2000,
      sent: [
        { path: "weights", files: 1, bytes: 500 },
        { path: "gone", files: 0, bytes: 0 },
      ],
      mapped: [
        { path: "mnist", target: "/srv/mnist", reason: "mapped on gpu1 by you", isOwn: true },
        { path: "coco", target: "~/coco", reason: "data.coco of the configuration", isOwn: false },
      ],
      linked: [
        {
          path: "data",
          target: "/home/ada/project/data",
          reason: "a data folder; ignored by .gitignore:1 (data)",
        },
        { path: "big", target: "/disk/big", reason: "linked by you; ignored by .gitignore:2 (big)" },
      ],
      leftOut: [
        { path: "out", reason: "ignored by .gitignore:3 (out)", bytes: 5000, linkable: true, sendable: true },
        {
          path: "far",
          reason: "ignored by .gitignore:4 (far)",
          bytes: null,
          linkable: false,
          sendable: true,
        },
        { path: "docs", reason: "left out by you", bytes: null, sendable: true },
        { path: ".venv", reason: "a Python environment", bytes: null },
      ],
    },
    [{ path: "src", files: 2, bytes: 1500 }],
    "gpu1",
  );
  const shown = rows.map((row) =>
    "section" in row ? row.section : `${row.path} [${row.actions.join(" ")}] ${row.description}`,
  );
  expect(shown).toEqual([
    "Will send: 3 files, 2.0 kB; the largest are",
    "src [leaveOut] 1.5 kB, 2 files",
    "Of these, sent although git ignores it",
    "weights [leaveOut] 500 B, 1 file",
    "gone [leaveOut] nothing is there",
    "On gpu1 already, linked into the run",
    "mnist [unmap] /srv/mnist, mapped on gpu1 by you",
    "coco [] ~/coco, data.coco of the configuration",
    "Linked into the run, not part of the snapshot",
    "data [] a data folder; ignored by .gitignore:1 (data)",
    "big [unlink] /disk/big, linked by you; ignored by .gitignore:2 (big)",
    "Will not send",
    "out [link send map] ignored by .gitignore:3 (out), 5.0 kB",
    "far [send map] ignored by .gitignore:4 (far)",
    "docs [takeIn] left out by you",
    ".venv [] a Python environment",
  ]);
});
