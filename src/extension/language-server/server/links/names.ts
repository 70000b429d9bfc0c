/** Hyperparameters by their dotted names, where dashes and underscores are the same. Pure. */

export function plain(name: string): string {
  return name.replaceAll("-", "_");
}

export function isSame(name: string, other: string): boolean {
  return plain(name) === plain(other);
}

/** `optimizer.lr` is below `optimizer`. */
export function isBelow(group: string, name: string): boolean {
  return plain(name).startsWith(`${plain(group)}.`);
}

/** What has a name, to be found by that of another. */
export class NameIndex<T> {
  readonly #same = new Map<string, T[]>();
  /** By each group that it is below. */
  readonly #below = new Map<string, T[]>();

  constructor(items: Iterable<T>, namesOf: (item: T) => readonly string[]) {
    for (const item of items)
      for (const name of new Set(namesOf(item).map(plain))) {
        push(this.#same, name, item);
        for (const group of groupsOf(name)) push(this.#below, group, item);
      }
  }

  /** Of just that name. */
  same(name: string): readonly T[] {
    return this.#same.get(plain(name)) ?? [];
  }

  /** Of that name, of a group around it, or below it: who has a group has all of it. */
  related(name: string): T[] {
    const own = plain(name);
    const around = [own, ...groupsOf(own)].flatMap((one) => this.#same.get(one) ?? []);
    return [...new Set([...around, ...(this.#below.get(own) ?? [])])];
  }
}

function groupsOf(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join("."));
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const known = map.get(key);
  if (known) known.push(item);
  else map.set(key, [item]);
}
