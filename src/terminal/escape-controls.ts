/**
 * The text with everything that could control a terminal made visible: an answer may print escape sequences, and a
 * line that reorders itself can lie about what it says. Line ends stay, tabs become two spaces.
 */
export function escapeControls(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\t', '  ')
  return unsafe.test(lines) ? lines.replace(everyUnsafe, visible) : lines
}

// Control characters except the line end, marks that change the writing direction, line separators, and half
// surrogates.
const unsafe = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]|\p{Cs}/u
const everyUnsafe = new RegExp(unsafe.source, 'gu')

function visible(character: string): string {
  if (character === '\r') return '\\r'
  const code = character.charCodeAt(0)
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`
}
