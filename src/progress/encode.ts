import type { StoredEvent } from './event.ts'

/** In characters. An answer may throw a megabyte as its message, and every `list` would read it again, forever. */
const LONGEST_TEXT = 4_000

/** One line, with its line end. */
export function encodeLine(event: StoredEvent): string {
  return `${JSON.stringify(event)}\n`
}

/**
 * A copy, as it will be read from the file: no code can change it afterward, and strings over 4,000 characters end
 * in `…`.
 */
export function plainCopy<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? cut(one) : one)))
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // Never between the two halves of a character.
  return `${text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, '')}…`
}
