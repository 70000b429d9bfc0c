/** A configuration in YAML, read once. Limits come first: a configuration is input. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, parseDocument } from "yaml";
import { type Located, Places, type Span } from "./places.ts";
import { type Entry, MOST_BYTES, type Source, TOO_LARGE, type TreeNode } from "./source.ts";

const MOST_ALIASES = 100;
const MOST_PROBLEMS = 20;

/** Syntax errors, duplicate keys, several documents, too many aliases are its `problems`. */
export function readYaml(file: string, text: string): Source {
  const places = new Places(file, text);
  const nothing = { syntax: "yaml", file, text, places, root: null, value: null, isWhole: false } as const;
  if (Buffer.byteLength(text) > MOST_BYTES)
    return { ...nothing, problems: [places.located([0, 0], TOO_LARGE)] };
  const document = parseYaml(text);
  if (document === null) return { ...nothing, problems: [places.located([0, 0], TOO_DEEP)] };
  const problems = document.errors.slice(0, MOST_PROBLEMS).map((error): Located => {
    const { code, pos, message } = error;
    if (code === "TAB_AS_INDENT") {
      const tabs = /^\t*/.exec(text.slice(pos[0]))?.[0].length ?? 0;
      const located = places.located([pos[0], pos[0] + Math.max(1, tabs)], sentence(code, message));
      return { ...located, fix: { title: "Indent with spaces", replace: "  ".repeat(tabs) } };
    }
    if (code !== "DUPLICATE_KEY") return places.located(wordAt(text, pos), sentence(code, message));
    const located = places.located(wordAt(text, pos), "This key is there twice.");
    return { ...located, fix: { title: "Remove the second one", remove: true } };
  });
  const isWhole = document.errors.every(({ code }) => code === "DUPLICATE_KEY");
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return { ...nothing, problems, isWhole, value, root: treeOf(document.contents) };
  } catch (error) {
    if (problems.length > 0) return { ...nothing, problems };
    const reason = error instanceof Error ? error.message : String(error);
    const message = /alias/i.test(reason)
      ? `Too many aliases: ${reason}.`
      : error instanceof RangeError
        ? TOO_DEEP
        : `The configuration cannot be read: ${reason}`;
    return { ...nothing, problems: [places.located([0, 0], message)] };
  }
}

/** Of a broken text what can be read of it. Null: it is nested too deeply for that. Keys of another map are merged with `<<`. */
export function parseYaml(text: string): Document | null {
  try {
    return parseDocument(text, { logLevel: "error", merge: true, prettyErrors: false, stringKeys: true });
  } catch {
    return null;
  }
}

const TOO_DEEP = "The configuration is nested too deeply.";

function sentence(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "One configuration holds one document: remove what follows `---`.";
  if (code === "TAB_AS_INDENT") return "YAML is indented with spaces: this is a tab.";
  if (message.startsWith("Maximum call stack")) return TOO_DEEP;
  return message.endsWith(".") ? message : `${message}.`;
}

/** A parser's errors are at one character: the word there is what a person means. */
function wordAt(text: string, [from, to]: readonly [number, number]): Span {
  if (to - from > 1) return [from, to];
  const word = /^(?:"[^"\r\n]*"|'[^'\r\n]*'|[\w.-]+)/.exec(text.slice(from, from + 200))?.[0] ?? "";
  return [from, Math.max(to, from + word.length)];
}

function treeOf(node: unknown): TreeNode | null {
  const span = spanOf(node);
  if (span === null) return null;
  if (isMap(node)) {
    const entries = node.items.flatMap(({ key, value }): Entry[] => {
      const keySpan = spanOf(key);
      if (!isScalar(key) || keySpan === null) return [];
      const inner = isPair(value) ? null : treeOf(value);
      const name = typeof key.value === "symbol" ? "<<" : String(key.value);
      const whole: Span = [keySpan[0], Math.max(keySpan[1], inner?.span[1] ?? 0)];
      return [{ key: name, keySpan, node: inner, whole }];
    });
    return { kind: "map", span, entries, style: node.flow === true ? "flow" : "block" };
  }
  if (isSeq(node)) {
    const nothing: TreeNode = { kind: "scalar", span };
    return { kind: "list", span, items: node.items.map((item) => treeOf(item) ?? nothing) };
  }
  return { kind: "scalar", span };
}

function spanOf(node: unknown): Span | null {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return null;
  return node.range ? [node.range[0], node.range[1]] : null;
}
