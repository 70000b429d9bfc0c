/** The person said no to a question of the submit. */
export class SubmitCancelled extends Error {
  override readonly name = "SubmitCancelled";

  constructor() {
    super("The submit was cancelled.");
  }
}
