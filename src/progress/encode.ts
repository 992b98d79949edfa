import type { StoredEvent } from './event.ts'

/** In characters. An answer may throw a megabyte as its message; every `list` would read it again, for ever. */
const LONGEST_TEXT = 4_000

/** One line, with its line end. */
export function encodeLine(event: StoredEvent): string {
  return `${JSON.stringify(event)}\n`
}

/** A copy, as it will be read from the file: nobody can change it afterwards, and texts beyond 4,000 characters end in `…`. */
export function plainCopy<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? cut(one) : one)))
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // Not between the two halves of one character.
  return `${text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, '')}…`
}
