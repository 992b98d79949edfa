/** A line that can't be split into arguments. */
export class UnclosedQuoteError extends Error {
  override readonly name = 'UnclosedQuoteError'
  readonly line: string

  constructor(line: string) {
    super(`A quote isn't closed in: ${line}`)
    this.line = line
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\u0007' }

/** Splits a line as redis-cli does: spaces separate, double quotes allow escapes, single quotes only `\'`. */
export function splitCommand(line: string): readonly string[] {
  const args: string[] = []
  let at = 0
  while (at < line.length) {
    if (/\s/.test(line[at] ?? '')) {
      at += 1
      continue
    }
    let arg = ''
    while (at < line.length && !/\s/.test(line[at] ?? '')) {
      const char = line[at] ?? ''
      if (char === '"' || char === "'") {
        const part = readQuoted(line, at)
        arg += part.text
        at = part.end
      } else {
        arg += char
        at += 1
      }
    }
    args.push(arg)
  }
  return args
}

function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } {
  const quote = line[start]
  let text = ''
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line[at] ?? ''
    if (char === quote) return { text, end: at + 1 }
    if (char === '\\' && (quote === '"' || line[at + 1] === "'")) {
      const hex = /^x[0-9a-fA-F]{2}/.exec(line.slice(at + 1))?.[0]
      if (hex !== undefined && quote === '"') {
        text += String.fromCharCode(Number.parseInt(hex.slice(1), 16))
        at += 3
      } else {
        const next = line[at + 1] ?? ''
        text += ESCAPED[next] ?? next
        at += 1
      }
      continue
    }
    text += char
  }
  throw new UnclosedQuoteError(line)
}
