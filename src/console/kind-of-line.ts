import { Script } from 'node:vm'

/** What was typed at the prompt. */
export type LineKind =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'dot'; readonly name: string; readonly rest: readonly string[] }
  | { readonly kind: 'redis'; readonly args: readonly string[] }
  | { readonly kind: 'javascript'; readonly code: string }

/**
 * A known command is a command, unless it's called or assigned as a function or variable would be; what looks like
 * code is code; everything else goes to the server for an answer. Throws UnclosedQuoteError.
 */
export function kindOfLine(
  line: string,
  commands: readonly string[],
  split: (line: string) => readonly string[],
): LineKind {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  const dot = /^\.([a-z]+|\?)?(?:\s+(.*))?$/i.exec(text)
  if (dot !== null) return { kind: 'dot', name: (dot[1] ?? '').toLowerCase(), rest: split(dot[2] ?? '') }
  const bare = /^(exit|quit|help|\?)(?:\s+(.*))?$/i.exec(text)
  if (bare !== null) return { kind: 'dot', name: (bare[1] ?? '').toLowerCase(), rest: split(bare[2] ?? '') }
  const first = /^[\w$]+/.exec(text)?.[0] ?? ''
  const behind = text.slice(first.length).trimStart()
  const isCalled = /^(\(|=(?!=)|\.|\[)/.test(behind) && !/^\s/.test(text.slice(first.length))
  if (commands.includes(first.toUpperCase()) && !isCalled) return { kind: 'redis', args: split(text) }
  if (isCode(text)) return { kind: 'javascript', code: text }
  return { kind: 'redis', args: split(text) }
}

/** Whether it parses as JavaScript; it doesn't run. */
function isCode(text: string): boolean {
  try {
    new Script(`(async () => {${text}\n})`)
    return true
  } catch {
    return false
  }
}
