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
  downloadNode: async ({ pool, node, url }) => {
    const download = "Download and Send";
    const answer = await vscode.window.showWarningMessage(
      `Download ${node} for ${pool}?`,
      {
        modal: true,
        detail: `${pool} has no Node 22.13 or later, which the pool server runs on.\n\n${url}\n\nIts SHA-256 is checked against the one that comes with Trainyard; it is kept here for other hosts.`,
      },
      download,
    );
    return answer === download;
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
