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
const symbols = new RegExp(`[${Object.keys(ascii).join('')}]`, 'g')

/** The text with our own symbols in ASCII. Letters stay: they're data, which must not change. */
export function asciiSymbols(text: string): string {
  return text.replace(symbols, (symbol) => ascii[symbol] ?? symbol)
}
