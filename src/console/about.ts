import type { Course, Lesson } from '../course/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import { type Palette, wrapSentences } from '../terminal/index.ts'

/** The lesson whose data is there. */
export interface ConsolePlace {
  readonly lesson: Lesson
  /** What `.load` loads: the learner's file, or the model solution. */
  readonly file: string
}

export interface ConsoleOptions {
  readonly course: Course
  readonly redis: RunningRedis
  readonly place: ConsolePlace | undefined
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine: string | undefined
  readonly palette: Palette
  /** Brings the database to the state in which the console found it. */
  prepare(): Promise<void>
  width(): number
  print(text: string): void
  /** Resolves with the next key; undefined where there's no keyboard. */
  readonly untilKey?: () => Promise<void>
}

export const DOT_COMMANDS: readonly string[] = [
  '.load',
  '.events',
  '.state',
  '.watch',
  '.reset',
  '.help',
  '.exit',
]

/** What the prompt understands, in lines of at most `width` columns. */
export function helpText(place: ConsolePlace | undefined, palette: Palette, width: number): string {
  const [first = 'yourFunction'] = place?.lesson.exports.filter((name) => /^[a-z]/.test(name)) ?? []
  const rows = [
    ['XADD s * name value', 'any Redis command, as in redis-cli'],
    ['.load [file]', 'loads your functions of this lesson, or another file'],
    [`${first}(…)`, 'calls them; redis is the connection; x = … keeps a value'],
    ['.events <id>', 'the history of an entity as a table'],
    ['.state <id>', 'the state that its events add up to'],
    ['.watch [stream …]', 'shows new entries of streams until you press a key'],
    ['.reset', "brings the lesson's data back, and nothing else"],
    ['.help <command>', "a Redis command's arguments, and what it does"],
    ['.exit', 'quits; so does Ctrl-D'],
  ] as const
  const keys = 'Tab completes, the arrow keys bring back earlier lines, and Ctrl-C stops running code.'
  const lines = rows.map(([what, does]) => {
    const beside = wrapSentences(' '.repeat(COLUMN) + does, width).slice(COLUMN)
    return `${palette.paint(what.padEnd(COLUMN - 1), 'bold')} ${beside}`
  })
  return [...lines, '', wrapSentences(keys, width)].join('\n')
}

/** Where the meanings begin. */
const COLUMN = 21
