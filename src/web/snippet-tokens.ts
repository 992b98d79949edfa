import type { Token } from 'markdown-it'
import { type Snippet, sampler } from '../course/index.ts'

/** A code block that runs, and its output as the lesson shows it. */
export interface SnippetMark {
  /** Its number in the lesson, from 1; undefined for the first part of a block that was cut. */
  readonly number: number | undefined
  readonly output: string | undefined
  /** The snippet whose output a question asks for, so that it's folded until then; undefined if there's no question. */
  readonly asked?: number | undefined
}

const marks = new WeakMap<Token, SnippetMark>()

export function snippetOf(token: Token): SnippetMark | undefined {
  return marks.get(token)
}

export function markSnippet(token: Token, mark: SnippetMark): void {
  marks.set(token, mark)
}

/**
 * Numbers the blocks that run, part by part of a lesson; those in `asked` have a question about their output. Usage: call it once for each part, in the order of the text. The
 * output below a code block becomes part of that block, with samples in place of its placeholders.
 */
export function snippetNumbering(
  snippets: readonly Snippet[],
  asked: ReadonlySet<number> = new Set(),
): (tokens: readonly Token[]) => readonly Token[] {
  const taken = new Set<number>()
  const sample = sampler()
  const numberOf = (token: Token) => {
    const index = snippets.findIndex((snippet, at) => !taken.has(at) && isOf(snippet, token))
    if (index !== -1) taken.add(index)
    return index === -1 ? undefined : index + 1
  }
  return (tokens) => {
    const outputs = new Set<Token>()
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'fence' || !/^\s*(redis|ts\s+run)\b/.test(token.info)) continue
      const number = numberOf(token)
      if (number === undefined) continue
      const next = tokens[index + 1]
      const output = next?.type === 'fence' && next.info.trim() === 'output' ? next : undefined
      if (output !== undefined) outputs.add(output)
      marks.set(token, {
        number,
        output: output && sample(output.content.trimEnd()),
        ...(asked.has(number) && { asked: number }),
      })
      if (/^\s*redis\b/.test(token.info)) token.content = sample(token.content)
    }
    return tokens.filter((token) => !outputs.has(token))
  }
}

/** By content: a lesson's parts no longer have the line numbers of the file. */
function isOf(snippet: Snippet, token: Token): boolean {
  if (snippet.kind === 'ts') return /^\s*ts\b/.test(token.info) && token.content.trimEnd() === snippet.code
  if (!/^\s*redis\b/.test(token.info)) return false
  const lines = token.content.split('\n').filter((line) => line.trim() !== '')
  const written = snippet.commands.flatMap(({ command, reply }) => [command, ...reply.split('\n')])
  const shown = lines.map((line) => line.replace(/^> */, '').trimEnd())
  return (
    shown.join('\n') ===
    written
      .filter((line) => line.trim() !== '')
      .map((line) => line.trimEnd())
      .join('\n')
  )
}
