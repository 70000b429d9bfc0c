import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { shownKey } from "../../../../src/cluster/client/ssh/fingerprint.ts";
import { typeOfKey } from "../../../../src/cluster/client/ssh/keyBlob.ts";
import { temporaryFolder } from "../support.ts";
import { makeKey } from "./keys.ts";

it.each([
  ["ssh-ed25519", ["-t", "ed25519"]],
  ["ssh-rsa", ["-t", "rsa", "-b", "2048"]],
  ["ecdsa-sha2-nistp256", ["-t", "ecdsa", "-b", "256"]],
  ["ecdsa-sha2-nistp521", ["-t", "ecdsa", "-b", "521"]],
])("shows %s as ssh-keygen does", (type, options) => {
  const { file, blob } = makeKey(temporaryFolder(), options);
  const [, fingerprint] = execFileSync("ssh-keygen", ["-lf", `${file}.pub`])
    .toString()
    .split(" ");
  expect(shownKey("[gpu1]:2200", blob)).toEqual({ name: "[gpu1]:2200", type, fingerprint });
});

it("takes no other bytes for a key, whatever a server sends", () => {
  const { blob } = makeKey(temporaryFolder());
  for (let length = 0; length < blob.length; length++)
    expect(typeOfKey(blob.subarray(0, length)), `${length} bytes`).toBeNull();
  expect(typeOfKey(Buffer.concat([blob, Buffer.from([0])]))).toBeNull();
  expect(typeOfKey(Buffer.from("\0\0\0\x07a\nb\x1b[31\0\0\0\0", "latin1"))).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const type = typeOfKey(Buffer.from(bytes));
      if (type !== null) expect(type).toMatch(/^[a-z0-9@.-]+$/);
    }),
  );
  expect(() => shownKey("gpu1", Buffer.from("SSH-2.0-nonsense"))).toThrow("no host key");
});
