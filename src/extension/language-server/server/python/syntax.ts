/** A node of a script's syntax tree as a plain object of ours: named nodes only. copy.ts makes them. */
export class Syntax {
  readonly type: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** What it is to its parent: `function`, `arguments`, `left`, ...; null where the grammar gives no name. */
  field: string | null;
  parent: Syntax | null;
  readonly children: Syntax[] = [];

  constructor(type: string, start: number, end: number, field: string | null, parent: Syntax | null) {
    this.type = type;
    this.start = start;
    this.end = end;
    this.field = field;
    this.parent = parent;
  }

  /** Below another node, which is to list it. */
  move(parent: Syntax, field: string | null): void {
    this.parent = parent;
    this.field = field;
  }

  child(field: string): Syntax | null {
    return this.children.find((child) => child.field === field) ?? null;
  }

  all(field: string): Syntax[] {
    return this.children.filter((child) => child.field === field);
  }
}
