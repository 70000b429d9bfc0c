import { describe, expect, it } from "vitest";
import { readPrompt } from "../../../../src/cluster/client/ssh/sshPrompts.ts";

const FINGERPRINT = `SHA256:${"Ab+/".repeat(10)}Abc`;

describe("what OpenSSH asks", () => {
  it.each([
    ["9.2", "\nThis key is not known by any other names.\n", "/[fingerprint]", FINGERPRINT],
    [
      "9.2, of a name that is known otherwise",
      "\nThis host key is known by the following other names/addresses:\n    ~/.ssh/known_hosts:3: gpu1\n",
      "/[fingerprint]",
      FINGERPRINT,
    ],
    ["7.4", "\n", "", "yes"],
  ])("is a host's key (%s)", (_version, between, choice, yes) => {
    const text = `The authenticity of host '[GPU1]:2200 ([10.0.0.1]:2200)' can't be established.\nED25519 key fingerprint is ${FINGERPRINT}.${between}Are you sure you want to continue connecting (yes/no${choice})? `;
    const key = { name: "[gpu1]:2200", type: "ssh-ed25519", fingerprint: FINGERPRINT };
    expect(readPrompt(text, "")).toEqual({ kind: "hostKey", key, yes });
  });

  it.each([
    ["Enter passphrase for key '/home/ada/.ssh/id ed25519': ", "passphrase", "/home/ada/.ssh/id ed25519", ""],
    ["Enter passphrase for /home/ada/.ssh/id_rsa: ", "passphrase", "/home/ada/.ssh/id_rsa", ""],
    ["Bad passphrase, try again for /home/ada/.ssh/id_rsa: ", "passphrase", "/home/ada/.ssh/id_rsa", ""],
    ["ada@gpu1's password: ", "password", "ada@gpu1", ""],
    ["(ada@gpu1) Password: ", "prompt", "ada@gpu1", "Password:"],
    [
      "(ada@gpu1) Duo\u001b[31m two-factor\n1. Push\n\nPasscode: ",
      "prompt",
      "ada@gpu1",
      "Duo [31m two-factor 1. Push Passcode:",
    ],
    ["Verification code: ", "prompt", "ssh", "Verification code:"],
    ["Enter PIN for 'PIV token': ", "prompt", "ssh", "Enter PIN for 'PIV token':"],
    [
      "Enter PIN for ED25519-SK key /home/ada/.ssh/id_sk: ",
      "prompt",
      "ssh",
      "Enter PIN for ED25519-SK key /home/ada/.ssh/id_sk:",
    ],
  ])("is a secret: %j", (text, kind, of, prompt) => {
    expect(readPrompt(text, "")).toEqual({ kind: "secret", question: { kind, of, prompt, echo: false } });
  });

  it("is a key to be touched", () => {
    const words = "Confirm user presence for key ED25519-SK SHA256:abc";
    expect(readPrompt(words, "none")).toEqual({ kind: "notice", words });
  });

  it.each([
    ["Allow shared connection to gpu1?", "confirm"],
    ["Please type 'yes', 'no' or the fingerprint: ", ""],
    ["The authenticity is odd.\nAre you sure you want to continue connecting (yes/no)? ", ""],
  ])("is nothing that is answered here: %j", (text, hint) => {
    expect(readPrompt(text, hint)).toEqual({ kind: "other" });
  });
});
