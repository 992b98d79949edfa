import type { Reply } from './resp.ts'

/** A reply as redis-cli prints it on a terminal. */
export function printReply(reply: Reply, indent = ''): string {
  switch (reply.kind) {
    case 'status':
      return reply.text
    case 'error':
      return `(error) ${reply.text}`
    case 'integer':
      return `(integer) ${reply.text}`
    case 'nil':
      return '(nil)'
    case 'bulk':
      return quoted(reply.text)
    case 'array':
      return printArray(reply.items, indent)
  }
}

function printArray(items: readonly Reply[], indent: string): string {
  if (items.length === 0) return '(empty array)'
  const width = String(items.length).length
  return items
    .map((item, index) => {
      const number = `${String(index + 1).padStart(width)}) `
      const inner = indent + ' '.repeat(number.length)
      return `${index === 0 ? '' : indent}${number}${printReply(item, inner)}`
    })
    .join('\n')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
}

/** redis-cli escapes every byte that isn't printable ASCII; letters of other scripts stay readable here. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const safe = text.replace(/["\\\u0000-\u001f\u007f]/g, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${safe}"`
}
