/** What the extension and the command line use of a pool. The one barrel of the project: it is a bundle's entry point. */
export {
  type CallErrorReason,
  connect,
  type OpenStream,
  PoolCallError,
  type PoolConnection,
} from "./connection.ts";
export { type LinkState, PoolLink } from "./link.ts";
export { connectLocalPool, localPaths, type LocalPoolOptions } from "./localPool.ts";
export { type MirrorChange, PoolMirror } from "./mirror.ts";
export { UserError } from "./userError.ts";
