/** A button with a menu (WAI-ARIA menu button): arrows move, Enter chooses, Escape closes. */
import { h, icon } from "./dom.ts";
import { button } from "./controls.ts";

export interface MenuItem {
  label: string;
  icon?: string;
  disabledReason?: string | null;
  onPress: () => void;
}

export function menuButton(label: string, items: () => readonly MenuItem[]): HTMLElement {
  const opener = button({ label, icon: "ellipsis", appearance: "icon", onPress: () => toggle() });
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  const root = h("div", { class: "menu-root" }, opener);
  let menu: HTMLElement | null = null;

  const close = (refocus: boolean) => {
    menu?.remove();
    menu = null;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", onOutside, true);
    if (refocus) opener.focus();
  };
  const onOutside = (event: PointerEvent) => {
    if (!event.composedPath().includes(root)) close(false);
  };
  const toggle = () => {
    if (menu !== null) {
      close(true);
      return;
    }
    menu = h("div", { class: "menu", role: "menu", "aria-label": label });
    for (const item of items()) menu.append(menuItem(item, () => close(true)));
    menu.addEventListener("keydown", (event) => onKey(event, menu, () => close(true)));
    root.append(menu);
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", onOutside, true);
    menu.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  };
  return root;
}

function menuItem(item: MenuItem, close: () => void): HTMLElement {
  const reason = item.disabledReason ?? null;
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: -1,
      class: "menu-item",
      title: reason,
      "aria-disabled": reason === null ? null : "true",
      on: {
        click: () => {
          if (reason !== null) return;
          close();
          item.onPress();
        },
      },
    },
    icon(item.icon ?? "blank"),
    h("span", null, item.label),
  );
}

function onKey(event: KeyboardEvent, menu: HTMLElement | null, close: () => void): void {
  const items = [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const target = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (target !== undefined) items[target]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
