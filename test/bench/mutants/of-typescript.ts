import { Instrumenter } from '@stryker-mutator/instrumenter'
import { type Mutant, mutantOf } from './mutant.ts'

/** The mutants of an answer that `@stryker-mutator/instrumenter` makes, without those of messages, names of errors, and whole Lua scripts. */
export async function typescriptMutants(base: string, text: string): Promise<readonly Mutant[]> {
  const { mutants } = await instrumenter().instrument([{ name: `${base}.ts`, content: text, mutate: true }], {
    plugins: null,
    excludedMutations: ['Regex'],
    ignorers: [],
  })
  const starts = lineStarts(text)
  // It counts lines from 0.
  const offset = ({ line, column }: Position) => (starts[line] ?? 0) + column
  return mutants.flatMap(({ mutatorName, location, replacement }) => {
    const [from, to] = [offset(location.start), offset(location.end)]
    if (mutatorName === 'StringLiteral' && isForReaders(text, from, to)) return []
    return [mutantOf(base, mutatorName, text, { from, to, replacement })]
  })
}

interface Position {
  readonly line: number
  readonly column: number
}

/** A sentence, the name of an error class, or a script, which has mutants of its own. */
function isForReaders(text: string, from: number, to: number): boolean {
  const literal = text.slice(from, to)
  const line = text.slice(text.lastIndexOf('\n', from) + 1, from)
  return /\s/.test(literal) || /readonly name = $/.test(line) || /^\s*import\b|\bfrom $/.test(line)
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}

/** Its log is of no interest. */
function instrumenter(): Instrumenter {
  const silent = new Proxy({}, { get: () => () => undefined })
  return new Instrumenter(silent as ConstructorParameters<typeof Instrumenter>[0])
}
