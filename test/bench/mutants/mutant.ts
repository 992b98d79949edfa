/** An answer with one small change. */
export interface Mutant {
  /** `solution`, or the name of a right answer. */
  readonly base: string
  /** What was changed, in one word of the mutator's: `EqualityOperator`, `lua boundary`. */
  readonly kind: string
  readonly text: string
  /** The lines that differ, as a diff without headers. */
  readonly diff: string
}

/** The mutant that has `replacement` in place of the text between the two offsets. */
export function mutantOf(
  base: string,
  kind: string,
  original: string,
  { from, to, replacement }: { readonly from: number; readonly to: number; readonly replacement: string },
): Mutant {
  const text = original.slice(0, from) + replacement + original.slice(to)
  const begin = original.lastIndexOf('\n', from - 1) + 1
  const rest = original.indexOf('\n', to)
  const end = rest === -1 ? original.length : rest
  const lines = (sign: string, part: string) => part.split('\n').map((line) => `${sign}${line}`)
  const diff = [
    ...lines('-', original.slice(begin, end)),
    ...lines('+', original.slice(begin, from) + replacement + original.slice(to, end)),
  ].join('\n')
  return { base, kind, text, diff }
}
