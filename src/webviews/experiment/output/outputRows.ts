/** Rows of output as elements. Text of a script is never markup. */
import { h } from "../../ui/dom.ts";
import type { Colour, TextStyle } from "./ansi.ts";
import { findLinks } from "./links.ts";
import type { Row } from "./terminal.ts";

export interface RowActions {
  /** Null where the file is not in the snapshot. */
  resolve: (file: string) => string | null;
  open: (file: string, line: number) => void;
}

export function rowElement(row: Row, actions: RowActions): HTMLElement {
  const element = h("div", { class: row.folded ? "line is-folded" : "line" });
  const text = row.spans.map((span) => span.text).join("");
  const links = findLinks(text).flatMap((link) => {
    const target = actions.resolve(link.file);
    return target === null ? [] : [{ ...link, target }];
  });
  let at = 0;
  let linkElement: HTMLElement | null = null;
  let link = links.shift();
  for (const span of row.spans) {
    let rest = span.text;
    while (rest !== "") {
      const inLink = link !== undefined && at >= link.start;
      const border = link === undefined ? Infinity : inLink ? link.end : link.start;
      const part = rest.slice(0, border - at);
      if (inLink && link !== undefined) {
        const { target, line } = link;
        linkElement ??= element.appendChild(inlineLink(() => actions.open(target, line)));
        linkElement.append(textNode(part, span.style));
      } else element.append(textNode(part, span.style));
      at += part.length;
      rest = rest.slice(part.length);
      if (link !== undefined && at >= link.end) {
        link = links.shift();
        linkElement = null;
      }
    }
  }
  if (text === "") element.append("\u200b");
  return element;
}

/** Not a button element: those are boxes, which break the line where its text would flow on. */
function inlineLink(open: () => void): HTMLElement {
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") open();
  };
  return h("span", { class: "link", role: "button", tabindex: 0, on: { click: open, keydown: onKey } });
}

function textNode(text: string, style: TextStyle): Node {
  const classes = [
    style.bold ? "is-bold" : "",
    style.faint ? "is-faint" : "",
    style.italic ? "is-italic" : "",
    style.underline ? "is-underlined" : "",
    style.inverse ? "is-inverse" : "",
    typeof style.foreground === "number" ? `fg-${style.foreground}` : "",
    typeof style.background === "number" ? `bg-${style.background}` : "",
  ].filter((name) => name !== "");
  const isOwn = (colour: Colour | null) => typeof colour === "string";
  if (classes.length === 0 && !isOwn(style.foreground) && !isOwn(style.background))
    return document.createTextNode(text);
  const span = h("span", { class: classes.join(" ") }, text);
  if (typeof style.foreground === "string") span.style.color = style.foreground;
  if (typeof style.background === "string") span.style.backgroundColor = style.background;
  return span;
}
