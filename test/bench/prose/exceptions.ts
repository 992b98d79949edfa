import type { Found } from './audit.ts'

/** Something that a rule finds and that is right all the same. */
export interface Exception {
  /** The files: one path, or a folder that ends in a slash. Everywhere, if left out. */
  readonly in?: string
  /** The rule that doesn't apply; all of them, if left out. */
  readonly rule?: string
  /** Words that have to be around the hit; anything, if left out. */
  readonly text?: string
  readonly reason: string
}

/** Keep this short. A word that is missing from the dictionary belongs in `.cspell.config.yaml` instead. */
export const EXCEPTIONS: readonly Exception[] = [
  { in: 'test/bench/prose/rules/', reason: 'The rules quote what they find.' },
  { in: 'test/kit/bench/prose/', reason: 'Their tests quote it as well.' },
  { in: 'src/redis/embedded/arity.mjs', rule: 'spelling', reason: 'Lists of Redis commands, in lower case.' },
  {
    in: 'test/kit/redis/command-forms.ts',
    rule: 'spelling',
    reason: 'Redis commands, in every form that a client may send.',
  },
  {
    in: 'test/kit/console/console.test.ts',
    rule: 'spelling',
    text: 'help',
    reason: 'A Redis command in lower case, as people type it.',
  },
  {
    in: 'test/mistakes/',
    rule: 'spelling',
    reason: 'Names of mistakes and answers, some of which contain a Redis command in lower case.',
  },
  {
    rule: 'optimistic-locking',
    text: 'section on optimistic locking',
    reason: "The title of a section of Redis's documentation.",
  },
  { rule: 'mend', text: 'Wine, mended', reason: 'Data: the title of a blog post.' },
]

/** The hits without the exceptions, and the exceptions that nothing needs any more. */
export function applyExceptions(
  found: readonly Found[],
  exceptions: readonly Exception[],
): { readonly hits: readonly Found[]; readonly unused: readonly Exception[] } {
  const used = new Set<Exception>()
  const hits = found.filter((hit) => {
    const exception = exceptions.find((candidate) => covers(candidate, hit))
    if (exception !== undefined) used.add(exception)
    return exception === undefined
  })
  return { hits, unused: exceptions.filter((exception) => !used.has(exception)) }
}

function covers(exception: Exception, { file, rule, context }: Found): boolean {
  const { in: place = '' } = exception
  const isThere = place === '' || file === place || (place.endsWith('/') && file.startsWith(place))
  return isThere && (exception.rule ?? rule) === rule && context.includes(exception.text ?? '')
}
