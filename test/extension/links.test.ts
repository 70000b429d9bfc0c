import { expect, it } from "vitest";
import { withoutLinks } from "../../src/extension/links.ts";

/** The pattern of the editor's own notifications and questions (linkedText.ts). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

it.each([
  "[Retry](command:workbench.action.terminal.sendSequence?%7B%7D)",
  "no [x](https://a.example) [y](file:///etc) way",
  "[a]([b](command:c))",
])("leaves the words of %s, and no link", (text) => {
  expect(text).toMatch(LINK);
  expect(withoutLinks(text)).not.toMatch(LINK);
  expect(withoutLinks(text).replaceAll("] (", "](")).toBe(text);
});
