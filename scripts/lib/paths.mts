import path from "node:path";

export const root = path.dirname(path.dirname(import.meta.dirname));
export const dist = path.join(root, "dist");
/** Screenshots, logs and results of the last run. Not in git. */
export const artifacts = path.join(root, "artifacts");
/** Downloads, kept between runs. Not in git; TRAINYARD_CACHE moves it, so that several checkouts can share one. */
export const cache = path.resolve(process.env.TRAINYARD_CACHE ?? path.join(root, ".cache"));
/** The JavaScript program of an installed package, run with our own Node. */
export const nodeModule = (...parts: string[]): string => path.join(root, "node_modules", ...parts);
