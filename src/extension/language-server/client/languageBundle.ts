/** Entry of the bundle with vscode-languageclient in it, which is loaded with the first experiment file or training script. */
import { Language, type LanguageServices } from "./language.ts";

export async function startLanguage(services: LanguageServices): Promise<Language> {
  const language = new Language(services);
  await language.start();
  return language;
}
