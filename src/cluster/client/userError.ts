/** Something went wrong that a person can understand and put right: what happened, and what to do next. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly remedy: string | null;
  constructor(message: string, remedy: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Trying again by itself does not help, and may do harm (a server that counts failures): a person has to act first. */
export class PersonNeededError extends UserError {
  override readonly name = "PersonNeededError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
