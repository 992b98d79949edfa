import type { Prose } from './prose.ts'

/** Maximum number of words in a sentence before a reader has to begin it again. */
export const LONGEST_SENTENCE = 40

export interface Sentence {
  readonly text: string
  readonly offset: number
  readonly words: number
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/**
 * Splits into sentences. A line break is a space, except before an empty line or the next item of a list, and a sentence may
 * begin with code, which is in lower case more often than not.
 */
export function sentencesOf({ masked }: Prose): readonly Sentence[] {
  const text = masked.replace(/\n(?!\s*(?:\n|[-*•] |\d+\. ))/g, ' ').replaceAll('`x', '`X')
  return [...segmenter.segment(text)].map(({ segment, index }) => ({
    text: segment.trim(),
    offset: index,
    words: segment.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
  }))
}
