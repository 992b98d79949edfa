// One column each, but for the ellipsis: a line was measured and wrapped before it comes here.
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
}
const signs = new RegExp(`[${Object.keys(ascii).join('')}]`, 'g')

/** The text with our own signs in ASCII. Letters stay: they are data, which nothing may change. */
export function asciiSigns(text: string): string {
  return text.replace(signs, (sign) => ascii[sign] ?? sign)
}
