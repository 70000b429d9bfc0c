/** The controls of the pages. Each returns a plain element; its behaviour is in what it was given. */
import { h, icon } from "./dom.ts";

export interface ButtonOptions {
  label: string;
  icon?: string;
  appearance?: "primary" | "secondary" | "icon";
  title?: string;
  /** Why it cannot be pressed now. It stays focusable, so that the reason can be read. */
  disabledReason?: string | null;
  onPress: () => void;
}
export function button(options: ButtonOptions): HTMLElement {
  const appearance = options.appearance ?? "secondary";
  const reason = options.disabledReason ?? null;
  const element = h("vscode-button", {
    appearance,
    class: reason === null ? "" : "is-unavailable",
    title: reason ?? options.title ?? (appearance === "icon" ? options.label : null),
    "aria-label":
      reason === null ? (appearance === "icon" ? options.label : null) : `${options.label}: ${reason}`,
    "aria-disabled": reason === null ? null : "true",
    on: {
      click: () => {
        if (reason === null) options.onPress();
      },
    },
  });
  if (appearance === "icon") element.append(icon(options.icon ?? "blank"));
  else {
    if (options.icon !== undefined) {
      const start = icon(options.icon);
      start.slot = "start";
      element.append(start);
    }
    element.append(options.label);
  }
  return element;
}

/** Looks like a link, does something here. */
export function linkButton(label: string, onPress: () => void, title?: string): HTMLButtonElement {
  return h("button", { type: "button", class: "link", title, on: { click: onPress } }, label);
}

export interface SelectOptions<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
  /** The label in front of it; otherwise it is only spoken. */
  visibleLabel?: boolean;
}
export interface Select<T extends string> {
  element: HTMLElement;
  set(value: T): void;
  setOptions(options: readonly { value: T; label: string }[]): void;
}
export function select<T extends string>(options: SelectOptions<T>): Select<T> {
  const input = h("select", {
    class: "select",
    "aria-label": options.label,
    on: { change: () => options.onChange(input.value as T) },
  });
  const fill = (items: readonly { value: T; label: string }[]) => {
    const before = input.value;
    while (input.options.length > items.length) input.options[input.options.length - 1]?.remove();
    items.forEach((item, index) => {
      const option = input.options[index] ?? input.appendChild(h("option"));
      if (option.value !== item.value) option.value = item.value;
      if (option.text !== item.label) option.text = item.label;
    });
    if (items.some((item) => item.value === before)) input.value = before;
  };
  fill(options.options);
  input.value = options.value;
  const element =
    options.visibleLabel === true
      ? h("label", { class: "field" }, h("span", { class: "field-label" }, options.label), input)
      : input;
  return {
    element,
    set: (value) => {
      input.value = value;
    },
    setOptions: fill,
  };
}

/** One of a few, all in sight: radio buttons that look like the editor's own tabs. */
export function choice<T extends string>(options: SelectOptions<T>): HTMLElement {
  const name = `choice-${Math.random().toString(36).slice(2)}`;
  return h(
    "div",
    { class: "choice", role: "radiogroup", "aria-label": options.label },
    ...options.options.map(({ value, label }) =>
      h(
        "label",
        { class: "choice-one" },
        h("input", {
          type: "radio",
          name,
          value,
          checked: value === options.value,
          on: { change: () => options.onChange(value) },
        }),
        h("span", null, label),
      ),
    ),
  );
}

export interface TextFieldOptions {
  label: string;
  placeholder: string;
  value: string;
  onInput: (value: string) => void;
}
export function textField(options: TextFieldOptions): HTMLElement {
  const element = h("vscode-text-field", {
    placeholder: options.placeholder,
    value: options.value,
    "aria-label": options.label,
    on: { input: () => options.onInput((element as HTMLInputElement).value) },
  });
  return element;
}

export interface SliderOptions {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onInput: (value: number) => void;
}
export function slider(options: SliderOptions): HTMLElement {
  const shown = h("output", { class: "field-value" }, options.value.toFixed(2));
  const input = h("input", {
    type: "range",
    class: "slider",
    min: options.min,
    max: options.max,
    step: options.step,
    value: options.value,
    on: {
      input: () => {
        shown.textContent = Number(input.value).toFixed(2);
        options.onInput(Number(input.value));
      },
    },
  });
  return h("label", { class: "field" }, h("span", { class: "field-label" }, options.label), input, shown);
}

/** An empty state: one sentence and at most one button. */
export function emptyState(sentence: string, action?: HTMLElement): HTMLElement {
  return h("div", { class: "empty" }, h("p", null, sentence), action);
}

export interface CheckboxOptions {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}
export function checkbox(options: CheckboxOptions): HTMLElement {
  const input = h("input", {
    type: "checkbox",
    class: "checkbox",
    on: { change: () => options.onChange(input.checked) },
  });
  input.checked = options.value;
  return h("label", { class: "field" }, input, h("span", null, options.label));
}
