import { expect, test } from "vitest";
import { documentText } from "../../../src/extension/editor/outputText.ts";

test("lines stay lines, without colours, as they were last printed over", () => {
  const output = "\u001b[31mone\u001b[0m\r\n 1%\r 50%\r100%\nthree\r\n\nlast \r";
  expect(documentText(output)).toBe("one\n100%\nthree\n\nlast ");
});
