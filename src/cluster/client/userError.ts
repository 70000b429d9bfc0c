/** Something went wrong that a person can understand and put right: what happened, and what to do next. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly remedy: string | null;
  constructor(message: string, remedy: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
