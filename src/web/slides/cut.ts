import type { Token } from 'markdown-it'
import { pack } from './pack.ts'
import { piecesOf, tokensOf } from './pieces.ts'

/** One slide before it's drawn. Title and notes are Markdown. */
export interface Slide {
  readonly title: string
  /** The heading above the title's, if there is one. */
  readonly above: string | undefined
  /** Which part of its section it is, from 1. */
  readonly part: number
  readonly parts: number
  readonly tokens: readonly Token[]
  readonly notes: readonly string[]
}

interface Section {
  readonly title: string
  readonly above: string | undefined
  readonly tokens: Token[]
}

/** Blocks as slides: a new one at each heading, and more where a section doesn't fit on one. */
export function cutIntoSlides(title: string, tokens: readonly Token[]): readonly Slide[] {
  return sectionsOf(title, tokens).flatMap((section) => {
    const parts = pack(piecesOf(section.tokens))
    return parts.map((pieces, index): Slide => {
      const own = tokensOf(pieces)
      const notes = own.filter(({ type }) => type === 'note').map(({ content }) => content)
      const { title, above } = section
      return { title, above, part: index + 1, parts: parts.length, tokens: own, notes }
    })
  })
}

/** `title` is the text before the first heading. A third-level heading keeps the second-level one above it. */
function sectionsOf(title: string, tokens: readonly Token[]): readonly Section[] {
  const sections: Section[] = [{ title, above: undefined, tokens: [] }]
  let second: string | undefined
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open' && token.level === 0) {
      const heading = tokens[index + 1]?.content ?? ''
      const isThird = Number(token.tag.slice(1)) > 2
      if (!isThird) second = heading
      sections.push({ title: heading, above: isThird ? second : undefined, tokens: [] })
    } else if (!isPartOfHeading(tokens, index)) {
      sections.at(-1)?.tokens.push(token)
    }
  }
  return sections.filter((section) => section.tokens.length > 0)
}

function isPartOfHeading(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index]
  if (token?.level === 0 && token.type === 'heading_close') return true
  return tokens[index - 1]?.type === 'heading_open' && tokens[index - 1]?.level === 0
}
