import { slideHeight } from './height.ts'
import type { Piece } from './pieces.ts'

/** Packs pieces on as few slides as possible, filled as evenly as possible. */
export function pack(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  if (pieces.length === 0) return []
  const { length } = fill(pieces, slideHeight)
  let [tooSmall, enough] = [0, slideHeight]
  while (enough - tooSmall > 10) {
    const middle = (tooSmall + enough) / 2
    if (fill(pieces, middle).length <= length) enough = middle
    else tooSmall = middle
  }
  return fill(pieces, enough)
}

/** One slide after the other; a piece that's higher than `budget` gets its own. */
function fill(pieces: readonly Piece[], budget: number): readonly (readonly Piece[])[] {
  const slides: Piece[][] = [[]]
  let left = budget
  for (const piece of pieces) {
    let current = slides.at(-1) ?? []
    if (piece.height > left && current.length > 0) {
      // A piece that announces this one goes with it, unless nothing would stay.
      const announces = current.length > 1 && current.at(-1)?.leads === true
      const leader = announces && piece.height <= slideHeight ? current.pop() : undefined
      current = leader ? [leader] : []
      slides.push(current)
      left = budget - (leader?.height ?? 0)
    }
    current.push(piece)
    left -= piece.height
  }
  return slides
}
