import assert from "node:assert/strict";
import * as vscode from "vscode";

interface Manifest {
  readonly contributes: { readonly commands?: readonly { readonly command: string }[] };
}

describe("the extension", () => {
  const extension = vscode.extensions.getExtension("trainyard.trainyard");

  it("is found and activates", async () => {
    assert.ok(extension, "VS Code does not know trainyard.trainyard");
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it("registers every command that it contributes", async () => {
    const manifest = extension?.packageJSON as Manifest;
    const contributed = (manifest.contributes.commands ?? []).map(({ command }) => command);
    assert.ok(contributed.length > 0, "package.json contributes no command");
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    );
  });
});
