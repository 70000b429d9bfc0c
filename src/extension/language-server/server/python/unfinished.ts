/** Calls whose bracket is not closed yet: tree-sitter leaves their parts side by side in an ERROR, and what is typed there is read all the same. */
import { Syntax } from "./syntax.ts";

/** Between a callee's bracket and its arguments. */
const BETWEEN = /^[\s,(\\]*$/;

/** Puts a call in place of `callee`, `(` and what follows up to a closing bracket. */
export function mendCalls(error: Syntax, text: string): void {
  const { children } = error;
  // The innermost, which is the last one, first: it is an argument of the one before it then.
  for (let i = children.length - 1; i >= 0; i -= 1) {
    const callee = children[i] as Syntax;
    if (!["identifier", "attribute"].includes(callee.type) || text[callee.end] !== "(") continue;
    let last = i;
    for (let next = children[last + 1]; next !== undefined; next = children[last + 1]) {
      const between = text.slice((children[last] as Syntax).end, next.start);
      // A call on a line of its own is the next statement.
      if (!BETWEEN.test(between) || (next.type === "call" && /[\r\n]/.test(between))) break;
      last += 1;
    }
    const end = Math.max(callee.end + 1, (children[last] as Syntax).end);
    const call = new Syntax("call", callee.start, end, callee.field, error);
    const list = new Syntax("argument_list", callee.end, end, "arguments", call);
    const [, ...given] = children.splice(i, last - i + 1, call);
    for (const one of given) one.move(list, null);
    callee.move(call, "function");
    call.children.push(callee, list);
    list.children.push(...given);
  }
}
