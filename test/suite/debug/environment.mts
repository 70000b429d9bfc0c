/** What this suite needs beside VS Code: debugpy of PyPI. */
import { pythonEnvironment } from "../../../scripts/lib/python.mts";

export async function environment(): Promise<Record<string, string>> {
  return { TRAINYARD_SUITE_DEBUGPY: await pythonEnvironment("debugpy", ["debugpy==1.8.22"]) };
}
