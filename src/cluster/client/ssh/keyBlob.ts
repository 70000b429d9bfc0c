/** The public half of a key as it travels: a type, then numbers, each with its length before it (RFC 4253, 6.6). */

const TYPE = /^[a-z0-9][a-z0-9@.-]{2,63}$/;

/** The key's type; null where the bytes are no key. */
export function typeOfKey(blob: Buffer): string | null {
  const fields = fieldsOf(blob);
  const type = fields?.[0]?.toString("latin1");
  return fields && fields.length > 1 && type !== undefined && TYPE.test(type) ? type : null;
}

/** Null where they do not fill the bytes exactly. */
function fieldsOf(blob: Buffer): Buffer[] | null {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return null;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return null;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
