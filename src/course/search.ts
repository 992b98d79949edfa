import type { Token } from 'markdown-it'
import { escapePattern } from '../common/escape-pattern.ts'

/** Where a word appears in a text. */
export interface Occurrences {
  readonly times: number
  /** The heading below which the word appears most often. */
  readonly heading: string
  /** Markdown: the first sentence or line of code there that contains the word. */
  readonly excerpt: string
}

interface Passage {
  readonly heading: string
  readonly excerpt: string
  readonly times: number
}

/** Looks for a word or phrase, in any case; `snapshot` finds *snapshots*, but `shot` doesn't. */
export function searchText(text: readonly Token[], word: string): Occurrences | undefined {
  const pattern = patternOf(word)
  const found = passages(text)
    .map(({ heading, excerpt }) => ({ heading, excerpt, times: [...excerpt.matchAll(pattern)].length }))
    .filter(({ times }) => times > 0)
  const best = mostUnderOneHeading(found)
  if (best === undefined) return undefined
  return { times: sum(found), heading: best.heading, excerpt: best.excerpt }
}

function patternOf(word: string): RegExp {
  const escaped = escapePattern(word.trim()).replace(/[\s-]+/g, '[\\s-]+')
  const boundary = /^[\p{L}\p{N}]/u.test(escaped) ? '(?<![\\p{L}\\p{N}])' : ''
  return new RegExp(boundary + escaped, 'giu')
}

/** Sentences of prose and lines of code, each with the heading above it. */
function passages(tokens: readonly Token[]): readonly Omit<Passage, 'times'>[] {
  let heading = ''
  return tokens.flatMap((token, index) => {
    if (token.type === 'inline' && tokens[index - 1]?.type === 'heading_open') {
      heading = token.content
      return [{ heading, excerpt: token.content }]
    }
    if (token.type === 'inline') {
      const sentences = token.content.replaceAll('\n', ' ').split(/(?<=[.?!]) (?=[A-Z*_`"])/)
      return sentences.map((excerpt) => ({ heading, excerpt }))
    }
    if (token.type !== 'fence' && token.type !== 'code_block') return []
    const lines = token.content.split('\n').filter((line) => line.trim() !== '')
    return lines.map((line) => ({ heading, excerpt: asCode(line.trim()) }))
  })
}

function asCode(line: string): string {
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}

function mostUnderOneHeading(found: readonly Passage[]): Passage | undefined {
  const timesUnder = (heading: string) => sum(found.filter((passage) => passage.heading === heading))
  const [best] = found.toSorted((a, b) => timesUnder(b.heading) - timesUnder(a.heading))
  // If there's a sentence below it, the heading itself adds nothing.
  return found.find(({ heading, excerpt }) => heading === best?.heading && excerpt !== heading) ?? best
}

function sum(passages: readonly Passage[]): number {
  return passages.reduce((total, { times }) => total + times, 0)
}
