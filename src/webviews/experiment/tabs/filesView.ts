/** The Files tab: what the run left or changed. Folders are read when they are opened. */
import type { ResultOf } from "../bridge.ts";
import { button, emptyState, linkButton } from "../../ui/controls.ts";
import { h, icon, replaceChildren } from "../../ui/dom.ts";
import { formatAge, formatBytes } from "../format.ts";
import { latestRun, shownTrial, type PageData, type Slice } from "../store.ts";
import type { PageContext, View } from "../view.ts";

type FileEntry = ResultOf<"listFiles">["files"][number];

export class FilesView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly list = h("div", { class: "view-body files" });
  private runId: string | null = null;
  private readonly openFolders = new Set<string>();

  constructor(context: PageContext) {
    this.context = context;
    this.element = h(
      "div",
      { class: "view" },
      h(
        "div",
        { class: "toolbar" },
        button({ label: "Refresh", icon: "refresh", onPress: () => void this.reload() }),
        h("span", { class: "quiet" }, "Files that the run left or changed. They open read-only."),
      ),
      this.list,
    );
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    const trial = shownTrial(data, this.context.settings.get().trialId);
    const run = trial === null ? null : latestRun(data, trial);
    const isOther = run?.id !== this.runId;
    this.runId = run?.id ?? null;
    if (isOther || changed.has("runs") || changed.has("all")) void this.reload();
  }

  private async reload(): Promise<void> {
    const { runId } = this;
    if (runId === null) return;
    const content = await this.folder(runId, ".");
    if (this.runId === runId) replaceChildren(this.list, content);
  }

  private async folder(runId: string, path: string): Promise<HTMLElement> {
    try {
      const { files, truncated } = await this.context.bridge.request("listFiles", { runId, path });
      if (files.length === 0) {
        return path === "."
          ? emptyState(
              "The run has left no files so far: what it writes in its working directory appears here.",
            )
          : h("p", { class: "quiet" }, "Empty");
      }
      const items = await Promise.all([...files].sort(foldersFirst).map((file) => this.item(runId, file)));
      return h(
        "ul",
        { class: "file-list" },
        ...items,
        truncated ? h("li", { class: "quiet" }, "More files are in the pool than are listed here.") : null,
      );
    } catch (error) {
      return h("p", { class: "error" }, `The files cannot be listed: ${messageOf(error)}`);
    }
  }

  private async item(runId: string, file: FileEntry): Promise<HTMLElement> {
    const name = file.path.split("/").at(-1) ?? file.path;
    return file.isDirectory ? this.folderItem(runId, file.path, name) : this.fileItem(runId, file, name);
  }

  private async folderItem(runId: string, path: string, name: string): Promise<HTMLElement> {
    const content = h("div", { class: "file-children" });
    const twistie = icon("chevron-right");
    const show = async (open: boolean) => {
      if (open) this.openFolders.add(path);
      else this.openFolders.delete(path);
      toggle.setAttribute("aria-expanded", String(open));
      twistie.className = `codicon codicon-chevron-${open ? "down" : "right"}`;
      replaceChildren(content, open ? await this.folder(runId, path) : null);
    };
    const toggle = h(
      "button",
      {
        type: "button",
        class: "file-folder",
        "aria-expanded": "false",
        on: { click: () => void show(!this.openFolders.has(path)) },
      },
      twistie,
      h("span", null, name),
    );
    if (this.openFolders.has(path)) await show(true);
    return h("li", null, toggle, content);
  }

  private fileItem(runId: string, file: FileEntry, name: string): HTMLElement {
    const { bridge } = this.context;
    return h(
      "li",
      { class: "file-row" },
      icon("file"),
      linkButton(name, () => bridge.act({ action: "openRunFile", runId, path: file.path }), file.path),
      h("span", { class: "quiet numeric" }, formatBytes(file.bytes)),
      h("span", { class: "quiet" }, formatAge(file.modifiedAt, this.context.now())),
      button({
        label: `Pull ${name} into the workspace`,
        icon: "cloud-download",
        appearance: "icon",
        onPress: () => bridge.act({ action: "pullRunFile", runId, path: file.path }),
      }),
    );
  }
}

function foldersFirst(a: FileEntry, b: FileEntry): number {
  return (
    Number(b.isDirectory) - Number(a.isDirectory) || a.path.localeCompare(b.path, "en", { numeric: true })
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
