import { expect, it } from "vitest";
import {
  type Asked,
  OutputSearch,
  searchWords,
} from "../../../../src/webviews/experiment/output/outputSearch.ts";

const QUERY = { text: "x", kind: "text", matchCase: false } as const;
const SIZE = 1000;
/** Lines of 10 bytes; those at `hits` match. The pool answers in slices of 100 bytes. */
function poolWith(hits: readonly number[]) {
  const asked: Asked[] = [];
  const ask = (one: Asked) => {
    asked.push(one);
    const isForward = one.direction === "forward";
    const from = one.from?.offset ?? (isForward ? 0 : SIZE);
    const to = isForward ? Math.min(SIZE, from + 100) : Math.max(0, from - 100);
    const inSlice = hits.filter((hit) => (isForward ? hit >= from && hit < to : hit < from && hit >= to));
    if (!isForward) inSlice.reverse();
    const chosen = inSlice.slice(0, one.limit);
    const last = chosen.at(-1);
    const offset = last !== undefined && chosen.length === one.limit ? last + Number(isForward) : to;
    const isOver = isForward ? offset >= SIZE : offset <= 0;
    const match = (at: number) => ({ offset: at, at, line: null, excerpt: "x", found: { from: 0, to: 1 } });
    return Promise.resolve({
      matches: chosen.map(match),
      next: isOver ? null : { offset, lineStart: null },
      size: SIZE,
      dropped: 0,
    });
  };
  const said: string[] = [];
  const search: OutputSearch = new OutputSearch(QUERY, ask, () => said.push(searchWords(search.state)));
  return { asked, said, search };
}

it("finds what is nearest in either direction, and goes on at the other end", async () => {
  const { search } = poolWith([110, 500, 910]);
  expect((await search.next("backward", 900))?.offset).toBe(500);
  expect((await search.next("backward", 500))?.offset).toBe(110);
  expect((await search.next("backward", 110))?.offset).toBe(910);
  expect((await search.next("forward", 911))?.offset).toBe(110);
});

it("counts all of them and says how far it is, and which one is shown", async () => {
  const { search, said } = poolWith([110, 500, 910]);
  await search.next("backward", 900);
  await search.count();
  expect(said).toContain("Searching ... (0% searched)");
  expect(said).toContain("? of 1+ lines (50% searched)");
  expect(said).toContain("2 of 2+ lines (60% searched)");
  expect(said.at(-1)).toBe("2 of 3 lines");
});

it("says that there is nothing", async () => {
  const { search, said } = poolWith([]);
  expect(await search.next("backward", 500)).toBeNull();
  await search.count();
  expect(said.at(-1)).toBe("No results");
});

it("asks no more and says no more once it is cancelled", async () => {
  const { search, asked, said } = poolWith([990]);
  const counting = search.count();
  await Promise.resolve();
  search.cancel();
  await counting;
  const [requests, words] = [asked.length, said.length];
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([asked.length, said.length]).toEqual([requests, words]);
  expect(requests).toBeLessThan(5);
});

it("says why it could not search", async () => {
  const words: string[] = [];
  const search: OutputSearch = new OutputSearch(
    QUERY,
    () => Promise.reject(new Error("The pool does not answer.")),
    () => words.push(searchWords(search.state)),
  );
  expect(await search.next("forward", 0)).toBeNull();
  expect(words.at(-1)).toBe("The pool does not answer.");
});
