import type { Failure } from '../api.ts'
import type { InTheCoursesWords } from './summary.ts'

/** A sentence of the course: the pieces between what it fills in. */
export type Pieces = readonly string[]

interface Sentence {
  readonly pieces: Pieces
  /** As it may be shown to anyone: with … for what it fills in, because that comes from a participant. */
  readonly shown: string
}

/** Shorter ones say too little, and fit too much. */
const LEAST = 20

/**
 * Finds the sentence of the course in what a client says that it was told: of the lesson's suite, or of the kit that
 * all suites use. The longest that fits wins. A client can send what it likes, and only sees a sentence of ours shown.
 */
export function sentencesOf(
  bySlug: ReadonlyMap<string, readonly Pieces[]>,
  ofEvery: readonly Pieces[],
): InTheCoursesWords {
  const common = sorted(ofEvery)
  const lessons = new Map([...bySlug].map(([slug, all]) => [slug, sorted(all)]))
  return ({ slug, diagnosis }: Failure) => {
    const fits = ({ pieces }: Sentence) => isIn(diagnosis, pieces)
    return (lessons.get(slug)?.find(fits) ?? common.find(fits))?.shown
  }
}

function sorted(all: readonly Pieces[]): readonly Sentence[] {
  const known = all.filter((pieces) => lengthOf(pieces) >= LEAST)
  return known
    .toSorted((a, b) => lengthOf(b) - lengthOf(a))
    .map((pieces) => ({ pieces, shown: pieces.join('…') }))
}

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/** Whether the pieces occur in that order. One pass: a pattern with as many gaps could take forever. */
function isIn(text: string, pieces: Pieces): boolean {
  let at = 0
  for (const piece of pieces) {
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return true
}
