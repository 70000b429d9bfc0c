/** Which things belong to which, so that a view of one trial does not look at those of all others. */
export class Children<Parent> {
  readonly #ids = new Map<Parent, Set<string>>();

  add(parent: Parent, id: string): void {
    const ids = this.#ids.get(parent);
    if (ids === undefined) this.#ids.set(parent, new Set([id]));
    else ids.add(id);
  }

  remove(parent: Parent, id: string): void {
    this.#ids.get(parent)?.delete(id);
  }

  forget(parent: Parent): void {
    this.#ids.delete(parent);
  }

  of<Value>(parent: Parent, values: ReadonlyMap<string, Value>): Value[] {
    const found: Value[] = [];
    for (const id of this.#ids.get(parent) ?? []) {
      const value = values.get(id);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  clear(): void {
    this.#ids.clear();
  }
}
