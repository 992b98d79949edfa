import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commonJsHabit, missingInPackage } from '../es-module.ts'
import { AdaptiveTimeout } from '../kit/adaptive-timeout.ts'
import { forgetLastCalled, lastCalled } from '../kit/call.ts'
import { isSpoiled } from '../kit/pulse.ts'
import { beginTest, sentCommands } from '../kit/recording.ts'
import { DiagnosisError } from '../kit/verify.ts'
import { missingExport } from '../missing-export.ts'
import type { Failure, RecordJob, Report } from '../protocol.ts'
import type { Commands } from '../result.ts'
import { recordedCommands } from './sent-commands.ts'
import { definitionOf, placeIn } from './source-location.ts'
import { textOf } from './text-of.ts'
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
  ended(test: RunningTest, failure?: Failure): void
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

type Verdict =
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
      | { readonly test: string; readonly verdict: Verdict & { readonly state: 'failed' } }
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

  async #runTest(task: SuiteTask, test: SuiteTest): Promise<Verdict> {
    const { report, begins, disturbance, misdeed, tampering, ended } = this.#options
    this.current = { task: task.name, test: test.name }
    forgetLastCalled()
    beginTest()
    begins()
    report({ kind: 'test', task: task.name, test: test.name })
    const during = await problemIn([...task.beforeEach, test.body])
    const early = during === undefined ? misdeed() : undefined
    const sent = early && recordedCommands()
    const after = await problemIn(task.afterEach)
    const problem = during ?? after
    if (problem === undefined && early === undefined) {
      ended(this.current)
      return { state: 'passed' }
    }
    if (await disturbance()) return { state: 'failed' }
    if (early !== undefined) {
      ended(this.current, early)
      return { state: 'failed', failure: early, ...(sent && { sent }) }
    }
    // What was replaced or left unhandled is the cause, whatever went wrong because of it.
    const failure =
      tampering() ?? beforeTheEnd(problem, misdeed()) ?? describeFailure(problem?.thrown, this.#options)
    ended(this.current, failure)
    return { state: 'failed', failure, sent: recordedCommands() }
  }
}

/**
 * At its end a test cuts all connections. What the answer didn't await is rejected then, which says less than what the
 * test has found out already.
 */
function beforeTheEnd(
  problem: { readonly thrown: unknown } | undefined,
  misdeed: Failure | undefined,
): Failure | undefined {
  const isCut = misdeed?.diagnosis.includes('Connection is closed.') === true
  return isCut && problem?.thrown instanceof DiagnosisError ? undefined : misdeed
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
      diagnosis: `Your file exports ${name} as ${is}, but the lesson asks for a ${what} with that name.`,
      ...(line !== undefined && { file: answer, line }),
    }
  }
  return undefined
}

function describeFailure(error: unknown, { answer, answerText }: RunnerOptions): Failure {
  const known = error instanceof DiagnosisError ? error : undefined
  const place =
    placeIn(known?.guestStack) ??
    (known === undefined ? placeIn(textIn(error, 'stack')) : undefined) ??
    lastLine() ??
    defined(answer, answerText)
  if (known !== undefined) {
    const { diagnosis, expectedText, receivedText } = known
    return { diagnosis, expected: expectedText, received: receivedText, ...place }
  }
  const called = lastCalled()
  const name = textIn(error, 'name') ?? 'an error'
  return {
    diagnosis: `${called === '' ? 'The task' : called} failed with ${name}: ${textIn(error, 'message') ?? textOf(error)}`,
    ...place,
  }
}

/** An answer may throw anything, even an object whose properties throw. */
function textIn(error: unknown, key: 'name' | 'message' | 'stack'): string | undefined {
  try {
    const value: unknown = (error as Partial<Record<string, unknown>> | null | undefined)?.[key]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** Why the answer's file can't be loaded. */
function notLoaded(error: unknown): Failure {
  const message = textIn(error, 'message') ?? textOf(error)
  const diagnosis =
    commonJsHabit(message) ??
    missingInPackage(message) ??
    `Your file couldn't be loaded because it threw ${textIn(error, 'name') ?? 'Error'}: ${message.replace(/\.$/, '')}. Code outside functions runs as soon as the file is imported.`
  return { diagnosis, ...placeIn(textIn(error, 'stack')) }
}

function lastLine() {
  return sentCommands()
    .map((command) => placeIn(command.origin.stack))
    .findLast((place) => place !== undefined)
}

function defined(answer: string, text: string) {
  const line = definitionOf(lastCalled(), text)
  return line === undefined ? undefined : { file: answer, line }
}
