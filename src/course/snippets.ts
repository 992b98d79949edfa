import type { Token } from 'markdown-it'
import { isNote, type SnippetMark } from '../markdown/tokens.ts'
import type { Document } from './document.ts'
import { mistake } from './document.ts'
import type { RedisExchange, Snippet } from './lesson.ts'

/**
 * All runnable code blocks, in the order of the text, wherever they are. Their tokens, and those of the outputs below
 * them, are marked with the snippet's number. Throws BadLessonError.
 */
export function parseSnippets(document: Document): readonly Snippet[] {
  const snippets: Snippet[] = []
  const tokens = document.tokens.filter((token) => !isNote(token))
  for (const [index, token] of tokens.entries()) {
    const snippet = snippetAt(document, tokens, index)
    if (snippet === undefined) continue
    const number = snippets.push(snippet)
    mark(token, { number, part: 'code' })
    const next = tokens[index + 1]
    if (isOutput(next)) mark(next, { number, part: 'output' })
  }
  return snippets
}

function mark(token: Token, snippet: SnippetMark): void {
  token.meta = { snippet }
}

function isOutput(token: Token | undefined): token is Token {
  return token?.type === 'fence' && token.info.trim() === 'output'
}

function snippetAt(document: Document, tokens: readonly Token[], index: number): Snippet | undefined {
  const token = tokens[index]
  if (token?.type !== 'fence') return undefined
  const line = token.map?.[0] ?? 0
  switch (token.info.trim().replace(/\s+/g, ' ')) {
    case 'redis':
      return redis(document, token, line, false)
    case 'redis fails':
      return redis(document, token, line, true)
    case 'ts run':
      return typescript(document, token, line, false, tokens[index + 1])
    case 'ts run fails':
      return typescript(document, token, line, true, tokens[index + 1])
    case 'output':
      if (isRunnable(tokens[index - 1])) return undefined
      throw mistake(document, 'snippets', line, 'An "output" block belongs right below a "ts run" block.')
    case 'ts':
      return undefined
    default:
      if (!/^\s*(redis|ts|output)\s/.test(token.info)) return undefined
      throw mistake(document, 'snippets', line, unknownMark(token.info.trim()))
  }
}

function unknownMark(info: string): string {
  const known = '"redis", "redis fails", "ts", "ts run", "ts run fails" and "output"'
  return `"${info}" isn't a kind of block. The kinds are ${known}.`
}

function isRunnable(token: Token | undefined): boolean {
  return token?.type === 'fence' && /^\s*ts\s+run\b/.test(token.info)
}

function typescript(
  document: Document,
  token: Token,
  line: number,
  fails: boolean,
  next: Token | undefined,
): Snippet {
  const output = isOutput(next) ? next.content.trimEnd() : undefined
  return { kind: 'ts', code: token.content.trimEnd(), output, fails, line: document.firstLine + line }
}

function redis(document: Document, token: Token, line: number, fails: boolean): Snippet {
  const commands: { command: string; reply: string[]; at: number }[] = []
  for (const [index, text] of token.content.split('\n').entries()) {
    const at = line + 1 + index
    const command = /^> *(\S.*)$/.exec(text)?.[1]
    if (command !== undefined) commands.push({ command: command.trimEnd(), reply: [], at })
    else if (commands.length > 0) commands.at(-1)?.reply.push(text)
    else if (text.trim() !== '') {
      throw mistake(document, 'snippets', at, 'A "redis" block starts with a command: "> PING".')
    }
  }
  const exchanges = commands.map(({ command, reply, at }): RedisExchange => {
    const printed = reply.join('\n').trimEnd()
    if (printed !== '') return { command, reply: printed }
    throw mistake(document, 'snippets', at, `Write what redis-cli prints for "${command}" on the next line.`)
  })
  if (exchanges.length === 0) throw mistake(document, 'snippets', line, 'This "redis" block has no command.')
  if (exchanges.some(({ reply }) => showsError(reply)) !== fails) {
    const problem = fails
      ? 'No reply in this block is an error: remove "fails".'
      : 'An error is shown: add "fails".'
    throw mistake(document, 'snippets', line, problem)
  }
  return { kind: 'redis', commands: exchanges, fails, line: document.firstLine + line }
}

/** Whether a reply, as redis-cli prints it, is or contains an error: `EXEC` replies `2) (error) WRONGTYPE …`. */
export function showsError(reply: string): boolean {
  return /^\s*(?:\d+\) *)*\(error\)/m.test(reply)
}
