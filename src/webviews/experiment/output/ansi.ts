/** Text attributes of a terminal (SGR). Pure. */

/** 0 to 15: a colour of the theme's terminal; a string: `#rrggbb`. */
export type Colour = number | string;
export interface TextStyle {
  readonly bold: boolean;
  readonly faint: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly foreground: Colour | null;
  readonly background: Colour | null;
}
export const PLAIN: TextStyle = {
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  inverse: false,
  foreground: null,
  background: null,
};

/** The style after `ESC [ parameters m`. Codes that are not known change nothing. */
export function applySgr(style: TextStyle, parameters: string): TextStyle {
  const codes =
    parameters === "" ? [0] : parameters.split(/[;:]/).map((code) => Number(code === "" ? 0 : code));
  let next = style;
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes, index + 1);
      index += used;
      if (colour !== null)
        next = code === 38 ? { ...next, foreground: colour } : { ...next, background: colour };
    } else next = applyCode(next, code);
  }
  return next;
}

function applyCode(style: TextStyle, code: number): TextStyle {
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, faint: true };
    case 3:
      return { ...style, italic: true };
    case 4:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 22:
      return { ...style, bold: false, faint: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 27:
      return { ...style, inverse: false };
    case 39:
      return { ...style, foreground: null };
    case 49:
      return { ...style, background: null };
    default:
      return style;
  }
}

/** `5;n` (256 colours) or `2;r;g;b` after a 38 or 48. */
function extendedColour(codes: readonly number[], at: number): { colour: Colour | null; used: number } {
  if (codes[at] === 5) return { colour: indexedColour(codes[at + 1] ?? -1), used: 2 };
  if (codes[at] === 2) {
    const parts = codes.slice(at + 1, at + 4);
    return { colour: parts.length === 3 ? hex(parts) : null, used: 4 };
  }
  return { colour: null, used: 0 };
}

function indexedColour(index: number): Colour | null {
  if (!(index >= 0 && index <= 255)) return null;
  if (index < 16) return index;
  if (index >= 232) return hex(Array<number>(3).fill(8 + (index - 232) * 10));
  const levels = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  return hex([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => levels[level] ?? 0));
}

function hex(parts: readonly number[]): string {
  return `#${parts
    .map((part) =>
      Math.min(255, Math.max(0, part || 0))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
