/** What connecting over SSH asks a person, in the editor's own dialogs. */
import * as vscode from "vscode";
import type { SshQuestions } from "../../cluster/client/ssh/host.ts";

export const askingQuestions: SshQuestions = {
  trustHostKey: async ({ name, type, fingerprint }) => {
    const trust = "Trust and Connect";
    const answer = await vscode.window.showWarningMessage(
      `Is this the key of ${name}?`,
      {
        modal: true,
        detail: `${type}\n${fingerprint}\n\nIt is not in known_hosts. Compare it with what the host's administrator tells you; nothing has been sent yet.`,
      },
      trust,
    );
    return answer === trust;
  },
  secret: async ({ kind, of, prompt, echo }) => {
    const titles = { passphrase: `Passphrase of ${of}`, password: `Password of ${of}`, prompt: of };
    const answer = await vscode.window.showInputBox({
      title: titles[kind],
      prompt: prompt === "" ? titles[kind] : prompt,
      password: !echo,
      ignoreFocusOut: true,
    });
    return answer ?? null;
  },
};
