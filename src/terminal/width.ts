const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What a reader sees as one character, however many code points it takes. */
export function graphemes(text: string): readonly string[] {
  return isPlain(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** How many columns a text without control characters takes on a terminal. */
export function widthOf(text: string): number {
  if (isPlain(text)) return text.length
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Mark}\p{Cf}]+$/u.test(grapheme)) return 0
  if (isEmoji(grapheme)) return 2
  return isWide(grapheme.codePointAt(0) ?? 0) ? 2 : 1
}

/** Drawn as a picture on its own, or made one by U+FE0F, a skin color or a keycap; flags are two letters. */
function isEmoji(grapheme: string): boolean {
  return (
    /^\p{Emoji_Presentation}/u.test(grapheme) ||
    /^\p{Emoji}.*[\ufe0f\u20e3\u{1f3fb}-\u{1f3ff}]/u.test(grapheme)
  )
}

// The blocks that Unicode's East Asian Width calls wide or full-width, first and last code point.
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
]

function isWide(code: number): boolean {
  return code >= 0x1100 && wide.some(([first, last]) => code >= first && code <= last)
}

/** ASCII, and the ellipsis, arrows and lines that our own screens are drawn with: each is one column. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e·…←-↓─-╿✓✗]*$/.test(text)
}
