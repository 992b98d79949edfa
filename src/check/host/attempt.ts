import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cacheFolder } from '../../common/cache-folder.ts'
import { ownFolder } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import { type Course, filesOf, type Lesson } from '../../course/index.ts'
import type { Recording } from '../../recording/index.ts'
import type { Need, RunningRedis } from '../../redis/index.ts'
import type { Problem } from '../es-module.ts'
import type { Disturbed, RecordJob } from '../protocol.ts'
import type { Target } from '../result.ts'
import { readAnswer } from './answer-file.ts'
import { bundleAnswer } from './bundle.ts'
import { newsTeller } from './disturbance.ts'
import { recordedVersion } from './recorded-version.ts'
import { takeRecording } from './recording-file.ts'
import type { Runtime } from './runtime.ts'
import { judge, type Verdict } from './verdict.ts'
import type { RunRecord, WorkerProcess } from './worker-process.ts'

export interface CheckOptions {
  /** Leave out the tasks after the first failure, for callers that only need to know how an answer fails. */
  readonly untilFirstFailure?: boolean
  /**
   * May reuse the process of an earlier answer that left nothing behind, for callers that check many answers. A
   * process of its own costs a third of a check.
   */
  readonly sharedProcess?: boolean
  /** Overrides the checker's setting. */
  onNotice?(sentence: string): void
  /** Stops the check at once; it then rejects with CheckAbortedError. */
  readonly signal?: AbortSignal
  /** Keep what `record` needs. */
  readonly record?: boolean
  /** The answer's bytes, for a program that has already read them; the file isn't read again then. */
  readonly content?: Uint8Array
}

/** One run of an answer, or the reason it couldn't run. */
export interface Attempt {
  /** The answer ran. */
  readonly used: boolean
  readonly output: string
  readonly verdict: Verdict
  /** Why the run proves nothing about the answer: something Redis did. */
  readonly disturbed?: Disturbed | undefined
  /** The same, for something that broke in the check itself. */
  readonly broken?: string | undefined
  /** The learner's own files of earlier lessons that the answer was built on, as shown. */
  readonly builtOn: readonly string[]
  /** The order of the commands in the first test that failed, if it was asked for. */
  readonly recording?: Recording | undefined
  /** Runs one test again and records what each command changes; only if a recording was asked for. */
  again?(only: NonNullable<RecordJob['only']>, signal: AbortSignal | undefined): Promise<Attempt>
}

export interface AttemptInput {
  readonly course: Course
  readonly redis: RunningRedis
  readonly runtime: Runtime
  readonly lesson: Lesson
  readonly target: Target
  readonly asked: CheckOptions
  /** Don't start over if Redis falls silent. */
  readonly lastTry: boolean
  /** The folder of the learner's own answers to build on, where they exist; undefined for the model solutions. */
  readonly mine: string | undefined
  /** A lesson whose model solution is used even so. */
  readonly modelOf?: string | undefined
  /** Throws when the check is no longer wanted. */
  goOn(): void
  /** Lends a warm process. */
  take<T>(asked: CheckOptions, use: (process: WorkerProcess) => Promise<T>): Promise<T>
}

/** Reads the answer once, bundles it, has it run, and judges what was reported. */
export async function attemptLesson(input: AttemptInput): Promise<Attempt> {
  const { course, redis, runtime, lesson, target, asked, mine, goOn } = input
  const { slug } = lesson
  const files = filesOf(course, slug)
  const path = target.kind === 'file' ? resolve(target.path) : (target.path ?? files[target.kind])
  const shown = (file: string) => shownPath(file, ownFolder(course.root))
  const tasks = lesson.tasks.map(({ name, needs, buildsOn }) => ({
    name,
    buildsOn,
    lacking: lacking(needs, lesson, redis),
  }))
  const answer = await readAnswer(path, shown(path), asked.content)
  goOn()
  if (!answer.ok) return unusable(answer, [])
  const file = bundleFile(course.root)
  const bundling = bundleAnswer({
    root: course.root,
    runtime,
    slug,
    suite: files.suite,
    answer,
    mine,
    modelOf: input.modelOf,
    outfile: file,
  })
  // While esbuild, which is another process, is at work.
  const [bundle, version] = await Promise.all([
    bundling,
    asked.record === true ? recordedVersion(course, lesson) : '',
  ])
  goOn()
  const builtOn = bundle.builtOn.map(shown)
  if (!bundle.ok) return unusable(bundle.problem, builtOn)
  const { code } = bundle
  const job = {
    bundle: file,
    answer: path,
    answerText: answer.text,
    files: bundle.files,
    tasks: tasks.map((task) => task.name),
    exports: lesson.exports,
    allow: lesson.allow,
    untilFirstFailure: asked.untilFirstFailure === true,
    lastTry: input.lastTry,
    stay: asked.sharedProcess === true,
  }
  const run = async (only: RecordJob['only'], asked: CheckOptions): Promise<Attempt> => {
    const record =
      asked.record === true
        ? {
            file: `${file}.recording.json`,
            secret: randomBytes(32).toString('hex'),
            lesson: slug,
            version,
            engine: redis.name,
            only,
          }
        : undefined
    writeFileSync(file, code)
    try {
      const onRedis = newsTeller(asked.onNotice)
      const ran = await input.take(asked, async (process) => {
        await process.loaded(asked.signal)
        goOn() // before any of the answer has run, so another answer can use this process
        return await process.run({ ...job, record }, { signal: asked.signal, onRedis })
      })
      // A test may end sooner after a silence than the next look at the server.
      if (ran.ending.kind === 'done') onRedis({ kind: 'back' })
      goOn()
      return {
        used: true,
        output: ran.output,
        verdict: judge(ran, { tasks, shown }),
        disturbed: ran.ending.kind === 'disturbed' ? ran.ending : undefined,
        broken: whyBroken(ran),
        builtOn,
        recording: record && takeRecording(record),
      }
    } finally {
      for (const made of [file, record?.file]) if (made !== undefined) rmSync(made, { force: true })
    }
  }
  const attempt = await run(undefined, asked)
  if (asked.record !== true) return attempt
  return {
    ...attempt,
    again: (only, signal) => run(only, { record: true, ...(signal && { signal }) }),
  }

  function unusable({ diagnosis, file, line }: Problem, builtOn: readonly string[]): Attempt {
    return {
      used: false,
      output: '',
      verdict: {
        passed: false,
        diagnosis,
        ...(file !== undefined && line !== undefined && { at: { file: shown(file), line } }),
        tasks: tasks.map(({ name }) => ({ task: name, state: 'not reached', commands: [] })),
        strays: [],
        notes: [],
      },
      builtOn,
    }
  }
}

/**
 * Why the record proves nothing about the answer: the process threw outside it, never got to it, or was killed by
 * someone else.
 */
function whyBroken({ reports, forged, ending, output }: RunRecord): string | undefined {
  const broken = reports.find((report) => report.kind === 'broken')
  if (broken !== undefined) return broken.why
  // An answer can't kill its process, nor can the watchdog, without a report of that.
  const isExplained = forged || reports.some(({ kind }) => kind === 'ending' || kind === 'unusable')
  if (!isExplained && ending.kind === 'exit' && ending.signal === 'SIGKILL')
    return 'its process was killed from outside (`SIGKILL`), which systems do when they run out of memory'
  if (reports.length > 0) return undefined
  switch (ending.kind) {
    case 'done':
    case 'disturbed':
      return undefined
    case 'silent':
      return `its process wasn't ready within ${ending.seconds} seconds`
    case 'exit': {
      const said = /^\w*Error\b.*$/m.exec(output)?.[0]
      return (
        said ??
        `its process ended before your code was loaded (${ending.signal ?? `exit code ${ending.code}`})`
      )
    }
  }
}

function bundleFile(root: string): string {
  const folder = join(cacheFolder(root), 'run')
  mkdirSync(folder, { recursive: true })
  return join(folder, `${randomUUID()}.mjs`)
}

function lacking(needs: readonly Need[], lesson: Lesson, redis: RunningRedis): string | undefined {
  const missing = [...lesson.needs, ...needs].find((need) => !redis.has(need))
  return missing === undefined ? undefined : REASONS[missing]
}

const REASONS: Readonly<Record<Need, string>> = {
  'real-server': 'needs a real Redis server (a container or redis-server)',
  'own-server': 'needs redis-server on this machine, to start its own server and kill it',
  cluster: 'needs redis-server on this machine, to start a three-node cluster',
}
