import { describe, expect, it } from "vitest";
import { explainSsh } from "../../../../src/cluster/client/ssh/sshWords.ts";
import { PersonNeededError } from "../../../../src/cluster/client/userError.ts";

const HOST = {
  alias: "gpu1",
  user: "ada",
  hostName: "gpu1.lab",
  port: 22,
  knownHosts: { name: "gpu1.lab", files: [], strict: false },
};

/** OpenSSH's own words, as the versions since 7.4 print them. */
describe("what OpenSSH says when it fails", () => {
  it.each([
    ["ada@gpu1.lab: Permission denied (publickey,gssapi-with-mic).\n", /ada@gpu1 did not let us in.*gssapi/],
    [
      "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\nDisconnected from 10.0.0.1\n",
      /did not let us in/,
    ],
    ["Host key verification failed.\n", /key of gpu1\.lab is not known here/],
    ["@ WARNING: REVOKED HOST KEY DETECTED! @\nHost key verification failed.\n", /is revoked/],
  ])("a person has to act: %j", (said, words) => {
    expect(explainSsh(HOST, said)).toBeInstanceOf(PersonNeededError);
    expect(explainSsh(HOST, said).message).toMatch(words);
  });

  it.each([
    ["ssh: Could not resolve hostname gpu1.lab: Name or service not known\n", /no host gpu1\.lab/],
    [
      "ssh: Could not resolve hostname gpu1.lab: Temporary failure in name resolution\n",
      /cannot be looked up now/,
    ],
    ["ssh: connect to host gpu1.lab port 2200: Connection refused\n", /Nobody listens at gpu1\.lab:2200/],
    ["ssh: connect to host gpu1.lab port 22: Connection timed out\n", /gpu1\.lab:22 does not answer/],
    ["ssh: connect to host gpu1.lab port 22: No route to host\n", /no way to gpu1\.lab:22/],
    [
      "Connection timed out during banner exchange\nConnection to 10.0.0.1 port 22 timed out\n",
      /gpu1 does not answer/,
    ],
    [
      "Unable to negotiate with 10.0.0.1 port 22: no matching cipher found. Their offer: des\n",
      /talk to. ssh: Unable to negotiate.*des\./,
    ],
    [
      "sign_and_send_pubkey: signing failed\nConnection closed by 10.0.0.1 port 22\n",
      /ssh: Connection closed by 10\.0\.0\.1 port 22\./,
    ],
    [
      "channel 0: open failed: connect failed\nkex_exchange_identification: Connection closed\nConnection closed by UNKNOWN port 65535\n",
      /ssh: channel 0: open failed: connect failed\./,
    ],
    ["", /it said nothing/],
  ])("it may pass: %j", (said, words) => {
    expect(explainSsh(HOST, said)).not.toBeInstanceOf(PersonNeededError);
    expect(explainSsh(HOST, said).message).toMatch(words);
  });
});
