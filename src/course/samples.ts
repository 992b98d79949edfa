import type { Token } from 'markdown-it'
import { copyToken, marksOf } from '../markdown/tokens.ts'

/** The first ID of a stream; the others follow. */
const FIRST_ID = 1772355600123
const SAMPLES: Readonly<Record<string, string>> = {
  uuid: '0b7f3a52-6f0a-4c1e-9d2b-5a8e7c3f1d60',
  time: '2026-03-01T09:00:00.123Z',
  ms: '3',
  any: '…',
}

/**
 * Puts a value in place of each placeholder in the outputs of a lesson, such as `<id>`, as a reader should see them.
 * Call it for one part of the text after the other. `<ms:90>` brings its own value. An ID that a reply consists of is
 * new; IDs inside a reply are those from before, in the same order.
 */
export function sampler(): (tokens: readonly Token[]) => readonly Token[] {
  const sample = blockSampler()
  return (tokens) =>
    tokens.map((token) => {
      const { snippet } = marksOf(token)
      const hasOutput =
        snippet?.part === 'output' || (snippet !== undefined && /^\s*redis\b/.test(token.info))
      return hasOutput ? copyToken(token, { content: sample(token.content) }) : token
    })
}

function blockSampler(): (block: string) => string {
  const ids: string[] = []
  return (block) => {
    let listed = 0
    const sampled = (line: string) =>
      line.replace(/<(id|uuid|time|ms|any)(?::([^>]*))?>/g, (_, name: string, own: string | undefined) => {
        if (own !== undefined) return own
        if (name !== 'id') return SAMPLES[name] ?? ''
        if (/^"?<id>"?$/.test(line.trim())) {
          const fresh = `${FIRST_ID + 40 * ids.length}-0`
          ids.push(fresh)
          return fresh
        }
        listed += 1
        return ids[listed - 1] ?? `${FIRST_ID}-0`
      })
    // Commands are code: what looks like a placeholder in them isn't one.
    return block
      .split('\n')
      .map((line) => (line.startsWith('>') ? line : sampled(line)))
      .join('\n')
  }
}
