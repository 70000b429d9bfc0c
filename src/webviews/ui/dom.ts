/** Builds DOM without markup: what comes from a pool is text and never becomes an element. */

export type Child = Node | string | number | null | undefined | false;
type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
export interface Props {
  class?: string;
  on?: Listeners;
  [attribute: string]: string | number | boolean | null | undefined | Listeners;
}

/** `true` sets an empty attribute; `false`, `null` and `undefined` leave it away. There is no `style`: the CSP forbids it. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props | null,
  ...children: Child[]
): HTMLElementTagNameMap[K];
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement;
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "object") listen(element, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function listen(element: HTMLElement, listeners: Listeners): void {
  for (const [name, listener] of Object.entries(listeners)) {
    element.addEventListener(name, listener as EventListener);
  }
}

function append(parent: ParentNode, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === "number" ? String(child) : child);
  }
}

export function replaceChildren(parent: ParentNode, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

/** A codicon. Decorative: the word beside it says the same. */
export function icon(name: string, className = ""): HTMLElement {
  return h("span", { class: `codicon codicon-${name} ${className}`.trimEnd(), "aria-hidden": "true" });
}

/** Sets text only where it differs, so that nothing is laid out again and selections stay. */
export function setText(element: Node, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for elements without behaviour. */
export function replaceIfDifferent(parent: ParentNode, content: HTMLElement): void {
  if (parent.firstElementChild?.isEqualNode(content) !== true) parent.replaceChildren(content);
}
