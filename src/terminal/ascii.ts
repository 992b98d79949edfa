// One column each, except for the ellipsis: a line was measured and wrapped before it gets here.
const ascii: Readonly<Record<string, string>> = {
  '…': '...',
  '·': '-',
  '–': '-',
  '—': '-',
  '→': '>',
  '←': '<',
  '↑': '^',
  '×': 'x',
  '✓': '+',
  '✗': 'x',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '›': '>',
  '│': '|',
  '┊': ':',
  '─': '-',
  '┌': '+',
  '└': '+',
  '├': '+',
  '┤': '+',
}
const signs = new RegExp(`[${Object.keys(ascii).join('')}]`, 'g')

/** The text with our own signs in ASCII. Letters stay: they're data, which must not change. */
export function asciiSigns(text: string): string {
  return text.replace(signs, (sign) => ascii[sign] ?? sign)
}
