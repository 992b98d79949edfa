import { type Need, needs } from '../redis/types.ts'
import { BadLessonError } from './errors.ts'
import { nearestName } from './nearest.ts'

/** The fields above a lesson's text, checked. */
export interface FrontMatter {
  readonly title: string
  readonly chapter: string
  readonly minutes: number
  /** What a learner knows after it, in a sentence. */
  readonly learned?: string | undefined
  readonly after: readonly string[]
  readonly needs: readonly Need[]
  readonly exports: readonly string[]
  readonly allow: readonly string[]
  /** How the events of an entity become its state. */
  readonly fold?: NamedFold | undefined
}

export interface NamedFold {
  /** The key of an entity's events, with `*` for the ID: `stream:entity:*`. */
  readonly keys: string
  /** A function `(state or null, event) → state` that this lesson, or one that it builds on, exports. */
  readonly by: string
}

export interface SplitText {
  readonly frontMatter: string
  readonly text: string
  /** The line of the file on which `text` begins, counted from 1. */
  readonly textLine: number
}

/** Splits a lesson's file at its second `---`. `file` is for messages. Throws BadLessonError. */
export function splitFrontMatter(file: string, content: string): SplitText {
  // Git on Windows checks out files with CRLF; some editors put a byte order mark at the start.
  const lines = content
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .split('\n')
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---')
  if (lines[0]?.trimEnd() !== '---' || end === -1) {
    const wanted =
      'Put "---", the fields title, chapter, minutes, and exports, and "---" at the top of the file.'
    throw new BadLessonError(file, 'front matter', `It's missing or not closed. ${wanted}`)
  }
  return {
    frontMatter: lines.slice(1, end).join('\n'),
    text: lines.slice(end + 1).join('\n'),
    textLine: end + 2,
  }
}

/** Of a value in JavaScript. */
const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

/** Reads the front matter's fields. Throws BadLessonError that names the first bad one. */
export async function parseFrontMatter(file: string, frontMatter: string): Promise<FrontMatter> {
  const [{ parse, YAMLParseError }, { z }] = await Promise.all([import('yaml'), import('zod')])

  const text = (wanted: string) => z.string(wanted).trim().min(1, wanted)
  const slugs = 'It must be a list of lessons, for example [01-events], or [].'
  const names = 'It must be a list of the names that an answer exports, for example [createEvent].'
  const commands = 'It must be a list of commands that an answer may send, for example [CONFIG SET].'
  const folds = `It must name keys with one * for the ID, and a function: { keys: 'stream:entity:*', by: applyEvent }.`
  const schema = z.strictObject({
    title: text('It must be a string, for example "title: Events".'),
    chapter: text('It must be a string, for example "chapter: Events, on lists".'),
    minutes: z
      .int('It must be a whole number, for example "minutes: 20".')
      .positive('It must be more than 0.'),
    learned: text('It must be a sentence that says what the learner now knows.').optional(),
    after: z.array(z.string(slugs).regex(/^\d\d-[a-z0-9-]+$/, slugs), slugs).default([]),
    needs: z.array(z.enum(needs, `It may contain ${needs.join(', ')}.`), 'It must be a list.').default([]),
    exports: z.array(z.string(names).regex(NAME, names), names).min(1, names),
    allow: z.array(text(commands), commands).default([]),
    fold: z
      .strictObject(
        {
          keys: z.string(folds).regex(/^[^*]*\*[^*]*$/, folds),
          by: z.string(folds).regex(NAME, folds),
        },
        folds,
      )
      .optional(),
  })

  let fields: unknown
  try {
    fields = parse(frontMatter)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    const problem = `It isn't valid YAML: ${error.message.split('\n')[0]}`
    throw new BadLessonError(file, 'front matter', problem, (error.linePos?.[0].line ?? 1) + 1)
  }
  const result = schema.safeParse(fields ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  if (issue?.code === 'unrecognized_keys')
    throw unknownField(file, issue.keys[0] ?? '', Object.keys(schema.shape))
  throw new BadLessonError(file, String(issue?.path[0] ?? 'front matter'), issue?.message ?? "It's invalid.")
}

function unknownField(file: string, field: string, known: readonly string[]): BadLessonError {
  const guess = nearestName(field, known)
  const fields = guess === undefined ? `The fields are ${known.join(', ')}.` : `Did you mean ${guess}?`
  return new BadLessonError(file, field, `There's no such field. ${fields}`)
}
