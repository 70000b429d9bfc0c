/** Shows what a `.safetensors` file holds, here or in a pool, from its header alone. */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { RangeReader } from "../../cluster/client/browse/poolFile.ts";
import { SCHEME, TENSORS_EDITOR } from "../commands/commandIds.ts";
import { messageOf } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import type { PoolFiles } from "./poolFiles.ts";
import { problemOf, tensorsPage, tensorsTable } from "./tensorsPage.ts";

export function registerTensorsEditor(files: PoolFiles): vscode.Disposable {
  return vscode.window.registerCustomEditorProvider(
    TENSORS_EDITOR,
    {
      openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
      resolveCustomEditor: async ({ uri }, { webview }) => {
        const body = await describeFile(files, uri).catch((error: unknown) => problemOf(messageOf(error)));
        webview.html = tensorsPage(path.posix.basename(uri.path), body, randomBytes(16).toString("hex"));
      },
    },
    { webviewOptions: { enableFindWidget: true } },
  );
}

async function describeFile(files: PoolFiles, uri: vscode.Uri): Promise<string> {
  const client = await loadClient();
  if (uri.scheme === SCHEME) return tensorsTable(await client.readTensors(await files.open(uri)));
  if (uri.scheme !== "file") throw new Error("Only files of this machine and of pools are shown.");
  return withFile(uri.fsPath, async (file) => tensorsTable(await client.readTensors(file)));
}

async function withFile<T>(file: string, work: (reader: RangeReader) => Promise<T>): Promise<T> {
  const handle = await open(file, "r");
  try {
    return await work({
      bytes: (await handle.stat()).size,
      read: async (start, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
        return buffer.subarray(0, bytesRead);
      },
    });
  } finally {
    await handle.close();
  }
}
