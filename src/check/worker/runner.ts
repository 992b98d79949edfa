import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forgetLastCalled } from '../kit/call.ts'
import { beginTest } from '../kit/recorder/recording.ts'
import { AdaptiveTimeout } from '../kit/silence/adaptive-timeout.ts'
import { isSpoiled } from '../kit/silence/pulse.ts'
import { missingExport } from '../missing-export.ts'
import type { Failure, RecordJob, Report } from '../protocol.ts'
import type { Commands } from '../result.ts'
import { describeFailure, notLoaded } from './describe-failure.ts'
import { recordedCommands } from './sent-commands.ts'
import { definitionOf } from './source-location.ts'
import { declaredBy, type SuiteTask, type SuiteTest, UnsupportedInSuiteError } from './vitest.ts'

export interface RunnerOptions {
  readonly bundleUrl: string
  readonly answer: string
  readonly answerText: string
  readonly exports: readonly string[]
  /** Leave out the tasks after the first failure. */
  readonly untilFirstFailure: boolean
  /** Leave out all other tests. */
  readonly only: RecordJob['only']
  report(report: Report): void
  /** A test has ended, with a failure if it failed; its data is still there. */
  ended(test: RunningTest, failure?: Failure): void | Promise<void>
  /** What the answer left unhandled or tried to end. */
  misdeed(): Failure | undefined
  /** What it changed that all code shares. The look takes long, so only at failures and at the ends of tasks. */
  tampering(): Failure | undefined
  /** A test begins. */
  begins(): void
  /** True if Redis itself did something while a test failed; then the failure proves nothing about the answer. */
  disturbance(): Promise<boolean>
}

export interface RunningTest {
  readonly task: string
  readonly test: string
}

type Outcome =
  | { readonly state: 'skipped' | 'passed' }
  /** Without a failure, Redis itself did something, so there will be no verdict. */
  | { readonly state: 'failed'; readonly failure?: Failure; readonly sent?: Commands }

/**
 * Runs the tests of a suite in order. The rest of a task is left out after its first failure (one diagnosis is enough),
 * and each task is reported as soon as it's over.
 */
export class SuiteRunner {
  readonly #options: RunnerOptions
  /** What is running now. */
  current: RunningTest = { task: '', test: '' }
  #hasFailed = false

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Resolves to why the answer can't be tested at all. Rejects if a file of the check is missing or wrong. */
  async run(): Promise<Failure | undefined> {
    const tasks = await this.#declared()
    if ('diagnosis' in tasks) return tasks
    this.#options.report({ kind: 'loaded' })
    for (const task of tasks) await this.#runTask(task)
    return undefined
  }

  async #declared(): Promise<readonly SuiteTask[] | Failure> {
    const { bundleUrl, exports, answer, answerText } = this.#options
    await readFile(fileURLToPath(bundleUrl)).catch(() => {}) // the time a slow disk takes isn't the answer's fault
    let exported: Loaded['answer'] = {}
    const declaring = declaredBy(async () => {
      exported = ((await import(bundleUrl)) as Loaded).answer
    })
    try {
      const tasks = await Promise.race([declaring, tooSlow(declaring)])
      // With another `then`, for example, nothing here would ever go on.
      const tampered = this.#options.tampering()
      if (tampered !== undefined) return tampered
      if (typeof tasks !== 'number') return wrongExport(exported, exports, answer, answerText) ?? tasks
      return {
        diagnosis: `Your file was still being loaded after ${tasks} seconds, because an \`await\` outside any function waits for something that never happens. Move it into a function.`,
      }
    } catch (error) {
      if (error instanceof UnsupportedInSuiteError || isMissingOurs(error, bundleUrl)) throw error
      return notLoaded(error)
    }
  }

  async #runTask(task: SuiteTask): Promise<void> {
    const { report, tampering } = this.#options
    let ran = 0
    let failed:
      | { readonly test: string; readonly verdict: Outcome & { readonly state: 'failed' } }
      | undefined
    for (const test of task.tests) {
      const isEnough = (this.#hasFailed && this.#options.untilFirstFailure) || isSpoiled()
      const { only } = this.#options
      const isLeftOut =
        only !== undefined && (only.task !== task.name || (only.test ?? test.name) !== test.name)
      if (task.skipped || test.skipped || isEnough || isLeftOut || failed !== undefined) continue
      const verdict = await this.#runTest(task, test)
      ran += 1
      if (verdict.state === 'failed') failed = { test: test.name, verdict }
    }
    const tampered = failed === undefined && ran > 0 ? tampering() : undefined
    const isBroken = failed !== undefined || tampered !== undefined
    this.#hasFailed ||= isBroken
    const failure = failed?.verdict.failure ?? tampered
    report({
      kind: 'task',
      task: task.name,
      state: isBroken ? 'failed' : ran === 0 ? 'skipped' : 'passed',
      ran,
      ...(failed && { test: failed.test }),
      ...(failed?.verdict.sent ?? { commands: [] }),
      ...(failure && { failure }),
    })
  }

  async #runTest(task: SuiteTask, test: SuiteTest): Promise<Outcome> {
    const { report, begins, disturbance, misdeed, tampering, ended } = this.#options
    this.current = { task: task.name, test: test.name }
    forgetLastCalled()
    beginTest()
    begins()
    report({ kind: 'test', task: task.name, test: test.name })
    const during = await problemIn([...task.beforeEach, test.body])
    // Before the end, which cuts all connections: what is rejected because of that says nothing about the answer.
    const early = misdeed()
    const sent = early && recordedCommands()
    const after = await problemIn(task.afterEach)
    const problem = during ?? after
    if (problem === undefined && early === undefined) {
      await ended(this.current)
      return { state: 'passed' }
    }
    if (await disturbance()) return { state: 'failed' }
    // What was replaced or left unhandled is the cause, whatever went wrong because of it.
    const failure = tampering() ?? early ?? describeFailure(problem?.thrown, this.#options)
    await ended(this.current, failure)
    misdeed() // by now it's the end's doing, and not to be found in the next test
    return { state: 'failed', failure, sent: sent ?? recordedCommands() }
  }
}

/** Runs them in order, up to the first that throws. */
async function problemIn(
  parts: readonly (() => unknown)[],
): Promise<{ readonly thrown: unknown } | undefined> {
  try {
    for (const part of parts) await part()
    return undefined
  } catch (thrown) {
    return { thrown }
  }
}

/** The bundle and our imports in it are in sibling folders in the cache, which anyone may empty. */
function isMissingOurs(error: unknown, bundleUrl: string): boolean {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return false
  const missing = /^Cannot find module '([^']+)'/.exec((error as Error).message)?.[1]
  return missing?.startsWith(dirname(dirname(fileURLToPath(bundleUrl)))) === true
}

interface Loaded {
  readonly answer: Readonly<Record<string, unknown>>
}

const LOADING_MS = 4_000
const TICK_MS = 100

/** Resolves to the number of seconds after which there's no point in waiting for the file any longer. */
function tooSlow(loading: Promise<unknown>): Promise<number> {
  const timeout = new AdaptiveTimeout(LOADING_MS)
  let waited = 0
  return new Promise((resolve) => {
    const stop = () => clearInterval(timer)
    const timer = setInterval(() => {
      waited += TICK_MS
      if (!timeout.isOver(waited)) return
      stop()
      resolve(waited / 1_000)
    }, TICK_MS).unref()
    loading.then(stop, stop)
  })
}

/** Names in capitals are constants and may be anything; all other names of a lesson are functions and classes. */
function wrongExport(
  exported: Loaded['answer'],
  names: readonly string[],
  answer: string,
  text: string,
): Failure | undefined {
  for (const name of names) {
    const value = exported[name]
    if (value === undefined) return { diagnosis: missingExport(name, text), file: answer, line: 1 }
    if (typeof value === 'function' || /^[A-Z0-9_]+$/.test(name)) continue
    const what = /^[A-Z]/.test(name) ? 'class' : 'function'
    const is = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a value of type ${typeof value}`
    const line = definitionOf(name, text)
    return {
      diagnosis: `Your file exports \`${name}\` as ${is}, but the lesson asks for a ${what} with that name.`,
      ...(line !== undefined && { file: answer, line }),
    }
  }
  return undefined
}
