import type { Prose } from './prose.ts'
import type { Hit } from './rule.ts'
import { RULES } from './rules/index.ts'
import { LONGEST_SENTENCE, sentencesOf } from './sentences.ts'
import { wordsOf } from './words.ts'

/** A file and everything in it that people read. */
export interface ProseFile {
  readonly file: string
  readonly prose: readonly Prose[]
}

/** A hit, with the text around it, which an exception may name. */
export interface Found extends Hit {
  readonly context: string
}

/** What was found, without where. */
type What = Pick<Hit, 'rule' | 'level' | 'write' | 'word'>

/** Everything in a file that a pattern, the dictionary, or the length of a sentence finds. */
export function audit({ file, prose }: ProseFile, misspelled: ReadonlySet<string>): readonly Found[] {
  return prose.flatMap((text) => {
    const found = (offset: number, length: number, hit: What): Found => ({
      ...hit,
      file,
      line: text.lineAt(offset),
      quote: around(text.text, offset, length, 30),
      context: around(text.text, offset, length, 60),
    })
    return [
      ...byPattern(text, found),
      ...wordsOf(text)
        .filter((word) => misspelled.has(word.text))
        .map((word) =>
          found(word.offset, word.text.length, {
            rule: 'spelling',
            level: 'error',
            write: 'the American spelling',
            word: word.text,
          }),
        ),
      ...sentencesOf(text)
        .filter(({ words }) => words > LONGEST_SENTENCE)
        .map(({ offset, words }) =>
          found(offset, 60, {
            rule: 'long',
            level: 'warning',
            write: `two sentences (it has ${words} words)`,
          }),
        ),
    ]
  })
}

function byPattern(
  { kind, masked }: Prose,
  found: (offset: number, length: number, hit: What) => Found,
): readonly Found[] {
  return RULES.filter(({ kinds }) => kinds?.includes(kind) ?? true).flatMap(
    ({ name, level, write, pattern }) =>
      [...masked.matchAll(pattern)].map((match) =>
        found(match.index, match[0].length, { rule: name, level, write }),
      ),
  )
}

/** The words with some before and after them, cut between words. */
function around(text: string, offset: number, length: number, margin: number): string {
  const before = text.slice(Math.max(0, offset - margin), offset)
  const after = text.slice(offset + length, offset + length + margin)
  const start = offset > margin ? before.replace(/^\S*\s/, '…') : before
  const end = offset + length + margin < text.length ? after.replace(/\s\S*$/, '…') : after
  return `${start}${text.slice(offset, offset + length)}${end}`.replace(/\s+/g, ' ').trim()
}
