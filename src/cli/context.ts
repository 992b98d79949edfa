import path from 'node:path'
import { nameCourse } from '../common/self.ts'
import type { Learner } from '../learner/learner.ts'
import type { RedisPreference } from '../redis/index.ts'
import { whyNoPrompt } from '../terminal/can-prompt.ts'
import { type Palette, style } from '../terminal/palette.ts'
import { sentenceFor } from '../terminal/sentences.ts'
import { type Cleanups, newCleanups } from './interrupt.ts'
import type { Output } from './output.ts'

/** What a command may use of the world around it. */
export interface Context {
  readonly env: NodeJS.ProcessEnv
  readonly input: NodeJS.ReadStream
  readonly output: Output
  readonly palette: Palette
  /** Columns to fill. */
  readonly width: number
  /** The folder of the learner's own answers to build on, for `--mine`; undefined for the model solutions. */
  mine(): Promise<string | undefined>
  /** What a command to type needs at its end to build on the same answers: ` --mine`, or nothing. */
  readonly flagOfMine: string
  readonly cleanups: Cleanups
  /** The value of `--redis`; undefined leaves it to EVENTLINGS_REDIS. Throws BadPreferenceError. */
  preference(): Promise<RedisPreference | undefined>
  /** Course, files, and progress; read once. */
  learner(): Promise<Learner>
  /** The same, if it was read already. */
  openedLearner(): Promise<Learner> | undefined
  /** One or more lines of the requested output. On a terminal, lines break between words, not in the middle of one. */
  print(text: string): void
  /** Data for programs: one JSON value. */
  printJson(value: unknown): void
  /** A remark; it goes to the error stream, so that it never mixes with data. */
  note(sentence: string): void
  /** True if the program can ask questions. */
  readonly canAsk: boolean
}

export interface World {
  readonly env: NodeJS.ProcessEnv
  readonly input: NodeJS.ReadStream
  readonly output: Output
  readonly errors: Output
}

export interface Globals {
  readonly redis: string | undefined
  /** False for `--no-color`. */
  readonly color: boolean
  readonly mine: boolean
  /** The folder of another course. */
  readonly course: string | undefined
}

export function newContext({ env, input, output, errors }: World, globals: Globals): Context {
  if (globals.course !== undefined) nameCourse(globals.course)
  let learner: Promise<Learner> | undefined
  const openedOnce = () => {
    learner ??= openLearner(env, globals.course)
    return learner
  }
  return {
    env,
    input,
    output,
    palette: style(env, output, { color: globals.color }),
    get width() {
      return output.width
    },
    mine: async () =>
      globals.mine || isSet(env.EVENTLINGS_MINE) ? (await openedOnce()).home.workspace : undefined,
    flagOfMine: globals.mine ? ' --mine' : '',
    cleanups: newCleanups(),
    async preference() {
      if (globals.redis === undefined) return undefined
      const { parsePreference } = await import('../redis/preference.ts')
      return parsePreference(globals.redis)
    },
    learner: openedOnce,
    openedLearner: () => learner,
    print: (text) => output.write(`${sentenceFor(output, text)}\n`),
    printJson: (value) => output.writeData(`${JSON.stringify(value, null, 2)}\n`),
    note: (sentence) => errors.write(`${sentenceFor(errors, sentence)}\n`),
    canAsk: whyNoPrompt({ env, input, output }) === undefined,
  }
}

async function openLearner(env: NodeJS.ProcessEnv, folder = env.EVENTLINGS_COURSE): Promise<Learner> {
  const [{ loadCourse }, { openProgress }, { homeOf }] = await Promise.all([
    import('../course/index.ts'),
    import('../progress/index.ts'),
    import('../learner/paths.ts'),
  ])
  const course = await (folder ? loadCourse(path.resolve(folder)) : loadCourse())
  const home = homeOf(course, env)
  return { course, home, progress: openProgress(home.log) }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}
