import { expect, test } from "vitest";
import { problemOf, tensorsPage, tensorsTable } from "../../../src/extension/editor/tensorsPage.ts";

const HOSTILE = `<img src=x onerror="alert(1)">&`;

test("names, shapes, types, sizes and the metadata are there", () => {
  const table = tensorsTable({
    tensors: [
      { name: "wte.weight", type: "BF16", shape: [50257, 768], bytes: 77_194_752 },
      { name: "bias", type: "F32", shape: [], bytes: 4 },
    ],
    metadata: { format: "pt" },
    fileBytes: 77_195_000,
  });
  expect(table).toContain("2 tensors · 38,597,377 values · BF16, F32 · 77 MB");
  expect(table).toContain("<td>wte.weight</td><td>BF16</td><td>[50257, 768]</td>");
  expect(table).toContain("<td>format</td><td>pt</td>");
});

test("nothing of a file is markup, and nothing can run", () => {
  const table = tensorsTable({
    tensors: [{ name: HOSTILE, type: HOSTILE, shape: [1], bytes: 1 }],
    metadata: { [HOSTILE]: HOSTILE },
    fileBytes: 1,
  });
  for (const page of [tensorsPage(HOSTILE, table, "abc"), tensorsPage("x", problemOf(HOSTILE), "abc")]) {
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;");
    expect(page).toContain(`content="default-src 'none'; style-src 'nonce-abc'"`);
    expect(page).not.toContain("<script");
  }
});

test("a file of very many tensors is a page all the same", () => {
  const tensors = Array.from({ length: 6000 }, (_, index) => ({
    name: `t${index}`,
    type: "U8",
    shape: [1],
    bytes: 1,
  }));
  const table = tensorsTable({ tensors, metadata: {}, fileBytes: 6000 });
  expect(table.match(/<tr>/g)).toHaveLength(5001);
  expect(table).toContain("and 1000 more tensors");
});
