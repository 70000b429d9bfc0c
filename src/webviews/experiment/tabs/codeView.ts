/** The Code tab: exactly what was sent, what was linked, what was left out, and why. */
import { button, linkButton } from "../../ui/controls.ts";
import { h, replaceChildren, type Child } from "../../ui/dom.ts";
import { Table } from "../../ui/table.ts";
import type { ResultOf } from "../bridge.ts";
import { formatBytes, formatTime, plural } from "../format.ts";
import type { PageData } from "../store.ts";
import type { PageContext, View } from "../view.ts";
import { facts, section } from "./parts.ts";

type SnapshotFile = ResultOf<"snapshotFiles">["files"][number];

export class CodeView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly body = h("div", { class: "view-body" });
  private shownFor = "";

  constructor(context: PageContext) {
    this.context = context;
    this.element = h("div", { class: "view" }, this.body);
  }

  /** A snapshot never changes: what was opened or pressed here stays. */
  update(data: PageData): void {
    const shownFor = `${data.experiment.id} ${data.experiment.snapshot.tree}`;
    if (this.shownFor === shownFor) return;
    this.shownFor = shownFor;
    replaceChildren(this.body, this.overview(data), this.sent(), this.linked(data), this.leftOut(data));
  }

  private overview(data: PageData): HTMLElement {
    const { tree, files, bytes, takenAt, root, head } = data.experiment.snapshot;
    const commit =
      head === null
        ? "no git repository"
        : `${head.commit.slice(0, 12)}${head.branch === null ? "" : ` on ${head.branch}`}${head.modified ? ", with changes" : ""}`;
    const copy = button({
      label: "Copy the tree's id",
      icon: "copy",
      appearance: "icon",
      onPress: () => this.context.bridge.act({ action: "copy", text: tree }),
    });
    return section(
      "Snapshot",
      facts([
        ["Taken", formatTime(takenAt)],
        ["From", h("code", null, root)],
        ["Tree", h("span", { class: "with-action" }, h("code", null, tree), copy)],
        ["Commit", h("code", null, commit)],
        ["Sent", `${plural(files, "file")}, ${formatBytes(bytes)}`],
      ]),
    );
  }

  private sent(): HTMLElement {
    const slot = h("div");
    const show = button({
      label: "Show the Files",
      onPress: () => {
        this.context.bridge.request("snapshotFiles", {}).then(
          ({ files, truncated }) => {
            replaceChildren(
              slot,
              this.fileTable(files).element,
              truncated ? h("p", { class: "quiet" }, "More files were sent than are listed here.") : null,
            );
          },
          (error: unknown) => {
            replaceChildren(
              slot,
              h("p", { class: "error" }, error instanceof Error ? error.message : String(error)),
            );
          },
        );
      },
    });
    slot.append(show);
    return section("Files sent", slot);
  }

  private fileTable(files: readonly SnapshotFile[]): Table<SnapshotFile> {
    const open = (file: SnapshotFile) =>
      this.context.bridge.act({ action: "openSnapshotFile", path: file.path });
    const table = new Table<SnapshotFile>({
      label: "Files of the snapshot, Enter opens",
      key: (file) => file.path,
      onOpen: open,
      columns: [
        {
          title: "Path",
          cell: (file) => [linkButton(file.path, () => open(file))],
          dependsOn: (file) => file.path,
        },
        { title: "Size", numeric: true, text: (file) => formatBytes(file.bytes) },
      ],
    });
    table.set(files);
    return table;
  }

  private linked(data: PageData): HTMLElement {
    const items = data.snapshot.linked.map((link) => [
      h("code", null, link.path),
      h("span", { class: "quiet" }, ` → ${link.target}, ${link.reason}`),
    ]);
    return section("Linked, not part of the snapshot", list(items, "Nothing was linked."));
  }

  private leftOut(data: PageData): HTMLElement {
    const items = data.snapshot.leftOut.map((path) => [
      h("code", null, path.path),
      h(
        "span",
        { class: "quiet" },
        ` ${path.reason}${path.bytes === null ? "" : `, ${formatBytes(path.bytes)}`}`,
      ),
      ...(path.linkable === true ? [" ", this.linkOf(path.path)] : []),
    ]);
    return section("Left out", list(items, "Nothing was left out."));
  }

  /** For later submits: this experiment's own snapshot stays what it is. */
  private linkOf(path: string): HTMLElement {
    const link = linkButton(
      "Link",
      () => {
        this.context.bridge.act({ action: "link", path });
        replaceChildren(slot, "linked into the next runs");
        slot.focus();
      },
      `Link ${path} into the next runs`,
    );
    const slot = h("span", { tabindex: -1 }, link);
    return slot;
  }
}

const MOST_ITEMS = 500;
function list(items: readonly Child[][], nothing: string): HTMLElement {
  if (items.length === 0) return h("p", { class: "quiet" }, nothing);
  const more = items.length - MOST_ITEMS;
  return h(
    "ul",
    { class: "plain-list" },
    ...items.slice(0, MOST_ITEMS).map((children) => h("li", null, ...children)),
    more > 0 ? h("li", { class: "quiet" }, `and ${plural(more, "more path", "more paths")}`) : null,
  );
}
