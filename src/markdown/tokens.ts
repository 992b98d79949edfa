import type { Token } from 'markdown-it'

/** What our own code knows about a token, in the field that markdown-it leaves to others. */
export interface Marks {
  /** Of a list item that began with one. */
  readonly box?: '[ ]' | '[x]'
  /** Of a code block in a lesson that runs, and of the output below it. */
  readonly snippet?: SnippetMark
}

export interface SnippetMark {
  /** Its number in the lesson, from 1. */
  readonly number: number
  readonly part: 'code' | 'output'
  /** The output of code that was joined with it. */
  readonly prints?: string
  /** It was cut, and the rest of its code follows. */
  readonly continues?: boolean
}

export function marksOf(token: Token): Marks {
  return (token.meta ?? {}) as Marks
}

/** Whether it's a speaker note, which may be between any two blocks; the blocks around it still belong together. */
export function isNote({ type }: Token): boolean {
  return type === 'note'
}

/** A token with some of its fields changed. A text is rendered more than once, so nothing changes its own tokens. */
export function copyToken(token: Token, changes: Partial<Token>): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(token)), token, changes) as Token
}

/** GitHub's anchor for a heading: lowercase, without punctuation, dashes for spaces. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}
