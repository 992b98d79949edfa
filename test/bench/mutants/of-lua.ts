import { type Mutant, mutantOf } from './mutant.ts'

interface Operator {
  readonly kind: string
  readonly pattern: RegExp
  replace(found: RegExpExecArray): string
}

const BOUNDARIES: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '~=',
  '~=': '==',
}

const OPERATORS: readonly Operator[] = [
  {
    kind: 'lua boundary',
    pattern: /(?<= )(?:<=|>=|==|~=|<|>)(?= )/g,
    replace: ([found]) => BOUNDARIES[found] ?? found,
  },
  { kind: 'lua call dropped', pattern: /^[ \t]*redis\.call\([^\n]*\)[ \t]*$/gm, replace: () => '' },
  { kind: 'lua key swapped', pattern: /\bKEYS\[(\d)\]/g, replace: ([, number]) => `KEYS[${other(number)}]` },
  {
    kind: 'lua argument swapped',
    pattern: /\bARGV\[(\d)\]/g,
    replace: ([, number]) => `ARGV[${other(number)}]`,
  },
  { kind: 'lua number changed', pattern: /(?<=[+-] )1\b/g, replace: () => '2' },
  { kind: 'lua branch never taken', pattern: /\bif [^\n]+? then\b/g, replace: () => 'if false then' },
]

/** The scripts of an answer, each with one small change at a time. */
export function luaMutants(base: string, text: string): readonly Mutant[] {
  return [...text.matchAll(/`[^`]*redis\.call[^`]*`/g)].flatMap(({ 0: script, index: at }) =>
    OPERATORS.flatMap(({ kind, pattern, replace }) =>
      [...script.matchAll(pattern)]
        .map((found) => ({
          from: at + found.index,
          to: at + found.index + found[0].length,
          replacement: replace(found),
        }))
        // The only key has no other to be swapped with.
        .filter(({ replacement }) => !/^(?:KEYS|ARGV)/.test(replacement) || script.includes(replacement))
        .map((change) => mutantOf(base, kind, text, change)),
    ),
  )
}

function other(number = '1'): number {
  return number === '1' ? 2 : Number(number) - 1
}
