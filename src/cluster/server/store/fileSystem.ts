/** Which journal SQLite may use: its WAL needs shared memory, which network and FUSE file systems do not give safely. */
import { statfsSync } from "node:fs";

/** Magic numbers of statfs(2). Unlisted ones are taken as local. */
const REMOTE_TYPES = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x65735546, // FUSE: sshfs, s3fs, virtiofs, many cluster file systems
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x01021997, // 9p
  0x20030528, // OrangeFS
  0xaad7aaea, // PanFS
  0x01161970, // GFS2
  0x7461636f, // OCFS2
]);

export function isLocalFileSystem(folder: string): boolean {
  try {
    return !REMOTE_TYPES.has(Number(BigInt.asUintN(32, BigInt(statfsSync(folder).type))));
  } catch {
    return false; // the slower journal is right everywhere
  }
}
