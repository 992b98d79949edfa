import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Suite, Test, VitestRunner } from '@vitest/runner'
import { AdaptiveTimeout } from '../kit/adaptive-timeout.ts'
import { forgetLastCalled, lastCalled } from '../kit/call.ts'
import { isSpoiled } from '../kit/pulse.ts'
import { beginTest, sentCommands } from '../kit/recording.ts'
import { missingExport } from '../missing-export.ts'
import type { Failure, Report } from '../protocol.ts'
import type { Commands } from '../result.ts'
import { recordedCommands } from './sent-commands.ts'
import { definitionOf, placeIn } from './source-location.ts'

export interface RunnerOptions {
  readonly bundleUrl: string
  readonly root: string
  readonly answer: string
  readonly answerText: string
  readonly exports: readonly string[]
  /** Leave out the tasks after the first failure. */
  readonly untilFirstFailure: boolean
  report(report: Report): void
  /** What the answer left unhandled or tried to end. */
  misdeed(): Failure | undefined
  /** What it changed that all code shares. The look takes long, so only at failures and at the ends of tasks. */
  tampering(): Failure | undefined
  /** A test begins. */
  begins(): void
  /** True if Redis itself did something while a test failed; then the failure proves nothing about the answer. */
  disturbance(): Promise<boolean>
}

/**
 * Vitest's runner without Vitest: tests run in order, the rest of a task is left out after its first failure (one
 * diagnosis is enough), and each task is reported as soon as it's over.
 */
export class WorkerRunner implements VitestRunner {
  readonly config: VitestRunner['config']
  readonly pool = 'worker'
  readonly #options: RunnerOptions
  /** What is running now, for the sentence about an answer that ends the process or hangs. */
  current = ''
  /** Why the answer can't be tested at all. */
  unusable: Failure | undefined
  /** Why the check can't say anything: one of its own files is missing. */
  broken: unknown
  #hasFailed = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.config = {
      root: options.root,
      setupFiles: [],
      name: undefined,
      passWithNoTests: false,
      testNamePattern: undefined,
      allowOnly: false,
      sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
      chaiConfig: undefined,
      maxConcurrency: 1,
      // `call` gives up on the learner's code, and says what it waited for; `pulse.ts` waits for the servers.
      testTimeout: 0,
      hookTimeout: 0,
      retry: 0,
      includeTaskLocation: false,
      tags: [],
      tagsFilter: undefined,
      strictTags: false,
    }
  }

  async importFile(): Promise<void> {
    const { bundleUrl, exports, answer, answerText } = this.#options
    await readFile(fileURLToPath(bundleUrl)).catch(() => {}) // the time a slow disk takes isn't the answer's fault
    const loading = import(bundleUrl) as Promise<Loaded>
    loading.catch((error: unknown) => {
      if (isMissingOurs(error, bundleUrl)) this.broken = error
    })
    const loaded = await Promise.race([loading, tooSlow(loading)])
    this.unusable =
      typeof loaded === 'number'
        ? {
            diagnosis: `Your file was still being loaded after ${loaded} seconds, because an \`await\` outside any function waits for something that never happens. Move it into a function.`,
          }
        : wrongExport(loaded.answer, exports, answer, answerText)
    if (this.unusable !== undefined) throw new Error(this.unusable.diagnosis)
    this.#options.report({ kind: 'loaded' })
  }

  /** A task that lacks what it needs doesn't run at all, and reports nothing later. */
  onBeforeRunSuite(suite: Suite): void {
    if ('filepath' in suite || suite.mode !== 'skip') return
    this.#options.report({ kind: 'task', task: suite.name, state: 'skipped', ran: 0, commands: [] })
  }

  onBeforeRunTask(test: Test): void {
    const suite = test.suite
    this.current = suite?.name ?? test.name
    forgetLastCalled()
    beginTest()
    this.#options.begins()
    const isEnough = (this.#hasFailed && this.#options.untilFirstFailure) || isSpoiled()
    if (isEnough || suite?.tasks.some((other) => other.result?.state === 'fail')) test.mode = 'skip'
    else if (test.mode === 'run') {
      this.#options.report({ kind: 'test', task: this.current, test: test.name })
    }
  }

  /** After a test that ran normally; one that failed skips this. */
  onAfterTryTask(test: Test): void {
    const misdeed = this.#options.misdeed()
    if (misdeed === undefined) return
    failures.set(test, { failure: misdeed, sent: recordedCommands() })
    if (test.result !== undefined) test.result.state = 'fail'
  }

  async onAfterRunTask(test: Test): Promise<void> {
    if (test.result?.state !== 'fail' || (await this.#options.disturbance()) || failures.has(test)) return
    // What was replaced or left unhandled is the cause, whatever went wrong because of it.
    const { tampering, misdeed } = this.#options
    const failure = tampering() ?? misdeed() ?? this.#failureOf(test)
    failures.set(test, { failure, sent: recordedCommands() })
  }

  onAfterRunSuite(suite: Suite): void {
    if ('filepath' in suite) return // the file itself is a suite too
    const tests = suite.tasks.filter((task): task is Test => task.type === 'test')
    const ran = tests.filter((test) => test.result?.state === 'pass' || test.result?.state === 'fail').length
    const failed = tests.find((test) => test.result?.state === 'fail')
    const found = failed === undefined ? undefined : failures.get(failed)
    const hook = suite.result?.state === 'fail' && failed === undefined ? suite.result.errors?.[0] : undefined
    const tampered = failed === undefined && ran > 0 ? this.#options.tampering() : undefined
    const broken = failed !== undefined || hook !== undefined || tampered !== undefined
    this.#hasFailed ||= broken
    const state = broken ? 'failed' : ran === 0 ? 'skipped' : 'passed'
    const failure =
      found?.failure ?? tampered ?? (hook && { diagnosis: `The test itself failed: ${hook.message}` })
    this.#options.report({
      kind: 'task',
      task: suite.name,
      state,
      ran,
      ...(failed && { test: failed.name }),
      ...(found?.sent ?? { commands: [] }),
      ...(failure && { failure }),
    })
  }

  #failureOf(test: Test): Failure {
    const error: unknown = test.result?.errors?.[0]
    return describeFailure(error, this.#options)
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
function tooSlow(loading: Promise<Loaded>): Promise<number> {
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

const failures = new WeakMap<Test, { readonly failure: Failure; readonly sent: Commands }>()

/** Errors arrive here as Vitest's runner keeps them: plain data with the fields of the error. */
function describeFailure(error: unknown, { answer, answerText }: RunnerOptions): Failure {
  const { name, message, stack, diagnosis, expectedText, receivedText, guestStack } = (error ??
    {}) as Partial<Record<string, unknown>>
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const known = text(diagnosis)
  const place =
    placeIn(text(guestStack)) ??
    (known === undefined ? placeIn(text(stack)) : undefined) ??
    lastLine() ??
    defined(answer, answerText)
  if (known !== undefined) {
    return { diagnosis: known, expected: text(expectedText), received: text(receivedText), ...place }
  }
  const called = lastCalled()
  return {
    diagnosis: `${called === '' ? 'The task' : called} failed with ${text(name) ?? 'an error'}: ${text(message) ?? String(error)}`,
    ...place,
  }
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
