/** Asks again and again: what a person would wait for, too. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
