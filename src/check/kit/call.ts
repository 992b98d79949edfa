import { blockingOf } from './blocking.ts'
import { collecting, type SentCommand } from './context.ts'
import { environment } from './environment.ts'
import { stackOf } from './error-stack.ts'
import { explainError } from './explain-error.ts'
import { Patience } from './patience.ts'
import { endScripts, everyTick, isBusyWithScript } from './pulse.ts'
import { activityCount, gaveUpWaiting, sentCommands } from './recording.ts'
import { shorten, showCommand } from './show.ts'
import { DiagnosisError } from './verify.ts'
import { onViolation, violation } from './violations.ts'

export interface CallOptions {
  /**
   * Seconds the whole call may take, 8 unless told; without any traffic to Redis it is given up after 3 (or a third of
   * this). Both are longer on a machine that works for others.
   */
  readonly seconds?: number
  /** For code that goes on in the background by design: do not mind commands that are unanswered when it returns. */
  readonly background?: boolean
}

let what = ''

/** The function of the learner's that was called last: where to point when nothing else tells. */
export function lastCalled(): string {
  return what
}

export function forgetLastCalled(): void {
  what = ''
}

/**
 * Runs the learner's function and returns what it returns or resolves to. Whatever goes wrong becomes a diagnosis: it threw,
 * it never settled, it returned before Redis had answered, it did what no answer may do.
 */
export async function call<T>(
  name: string,
  run: () => T | Promise<T>,
  options: CallOptions = {},
): Promise<Awaited<T>> {
  const outcome = await attempt(name, run, options)
  if (outcome.ok) return outcome.value
  throw threw(name, outcome.error)
}

/** Like `call`, for a function that must refuse: it has to throw an instance of `kind`. Returns the error. */
export async function callError<E extends Error>(
  name: string,
  run: () => unknown,
  kind: abstract new (...args: never[]) => E,
  diagnosis: string,
  options: CallOptions = {},
): Promise<E> {
  const outcome = await attempt(name, run, options)
  if (outcome.ok) {
    throw new DiagnosisError(diagnosis, { expected: `a thrown ${kind.name}`, received: outcome.value })
  }
  const { error } = outcome
  if (typeof kind === 'function' && error instanceof kind) return error
  if (notWritten(error) !== undefined || isNotAFunction(name, error)) throw threw(name, error)
  throw new DiagnosisError(diagnosis, {
    expected: `a thrown ${kind?.name ?? 'error'}`,
    received: error,
    guestStack: stackOf(error),
  })
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Runs to a verdict either way; only what no answer may do is thrown as a diagnosis. */
export async function attempt<T>(
  name: string,
  run: () => T | Promise<T>,
  options: CallOptions = {},
): Promise<Outcome<Awaited<T>>> {
  what = name
  const sent: SentCommand[] = []
  const guard = watch(name, options.seconds ?? 8)
  try {
    // A script that we ended fails in the learner's code, and that is not what happened to it.
    const running = collecting(sent, () => outcomeOf(run)).then((outcome) =>
      guard.endsScript() ? guard.failed : outcome,
    )
    const outcome = await Promise.race([running, guard.failed])
    failOnViolation()
    if (outcome.ok && options.background !== true) failOnUnanswered(name, sent)
    return outcome
  } finally {
    guard.stop()
  }
}

async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<Awaited<T>>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    return { ok: false, error }
  }
}

export function failOnViolation(): void {
  const found = violation()
  if (found !== undefined) throw new DiagnosisError(found.sentence, { guestStack: found.stack })
}

function failOnUnanswered(name: string, commands: readonly SentCommand[]): void {
  const open = commands.find((command) => command.pending && !gaveUpWaiting(command))
  if (open === undefined) return
  throw new DiagnosisError(
    `${name} returned while Redis had not yet answered ${showCommand(open.name, open.args)}: an \`await\` (or a \`return\` of the promise) is missing, so the caller goes on without knowing whether it worked.`,
    { guestStack: open.origin.stack },
  )
}

interface Guard {
  readonly failed: Promise<never>
  /** It has found a script without an end, and `failed` will say so. */
  endsScript(): boolean
  stop(): void
}

/**
 * Gives up on code that never ends, and on nothing else: while Redis owes an answer the clock of the learner's code stands still,
 * unless that answer waits for a command that blocks, or for a script that doesn't end.
 */
function watch(name: string, seconds: number): Guard {
  let endsScript = false
  let quiet = 0
  let all = 0
  const silence = () => new Patience(Math.max(3_000, (seconds * 1_000) / 3))
  const whole = new Patience(seconds * 1_000)
  let silent = silence()
  let last = activityCount()
  let reject: (error: DiagnosisError) => void = () => {}
  const failed = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  failed.catch(() => {})
  const fail = (error: DiagnosisError) => {
    stopTicking() // also for a run whose process "died", which nobody stops
    reject(error)
  }
  const stopTicking = everyTick((ms) => {
    all += ms
    quiet += ms
    if (activityCount() !== last) {
      last = activityCount()
      quiet = 0
      silent = silence()
    }
    if (isBusyWithScript(canSay())) endScript()
    else if (silent.isOver(quiet)) fail(stuck(name, quiet))
    else if (whole.isOver(all)) fail(endless(name, all / 1_000))
  })
  const endScript = () => {
    stopTicking()
    endsScript = true
    const found = endlessScript(name)
    void endScripts(canSay()).then(() => fail(found))
  }
  const forget = onViolation((found) => fail(new DiagnosisError(found.sentence, { guestStack: found.stack })))
  return {
    failed,
    endsScript: () => endsScript,
    stop() {
      stopTicking()
      forget()
    },
  }
}

/** A Redis that tells it when a script keeps it from everything else. */
function canSay(): boolean {
  return environment().kind !== 'embedded'
}

function stuck(name: string, ms: number): DiagnosisError {
  const waiting = sentCommands().filter(({ pending, gone }) => pending && gone === undefined)
  const open = waiting.at(-1)
  const seconds = Math.round(ms / 100) / 10
  if (open === undefined) {
    return new DiagnosisError(
      `${name} never finished: its promise was still open after ${seconds} seconds in which nothing was asked of Redis. Something is awaited that nobody resolves.`,
    )
  }
  const command = showCommand(open.name, open.args)
  return new DiagnosisError(
    `${name} is still waiting for the reply to ${command} after ${seconds} seconds.${whyItWaits(open, waiting)}`,
    { guestStack: open.origin.stack },
  )
}

function whyItWaits(open: SentCommand, waiting: readonly SentCommand[]): string {
  const blocking = blockingOf(open.name, open.args)
  if (blocking?.kind === 'forever') {
    return ' A time limit of 0 means forever, so it never returns when nothing arrives: give it a time limit, and handle the empty reply.'
  }
  if (blocking !== undefined) {
    return ` It may block for ${blocking.ms} milliseconds when nothing arrives: give it a shorter time limit, and handle the empty reply.`
  }
  const before = waiting.find(({ client, name, args }) => client === open.client && blockingOf(name, args))
  if (before === undefined) return ''
  return ` It's in line behind ${showCommand(before.name, before.args)}, which blocks the connection. Block on a connection of its own, such as \`redis.duplicate()\`.`
}

function endlessScript(name: string): DiagnosisError {
  const open = sentCommands().find((command) => command.pending && /^(EVAL|FCALL)/.test(command.name))
  const what = open?.name ?? 'EVAL'
  return new DiagnosisError(
    `A script that ${name} sent with ${what} never ends. Redis runs one script at a time and nothing beside it, so it can't serve any other client until then: look at what should make its loop stop.`,
    { guestStack: open?.origin.stack },
  )
}

function endless(name: string, seconds: number): DiagnosisError {
  return new DiagnosisError(
    `${name} was still sending commands after ${Math.round(seconds)} seconds (${sentCommands().length} of them): a loop in it does not end.`,
    { guestStack: sentCommands().at(-1)?.origin.stack },
  )
}

function threw(name: string, error: unknown): DiagnosisError {
  if (error instanceof DiagnosisError) return error
  const unwritten = notWritten(error)
  if (unwritten !== undefined) {
    const isCalled = unwritten === '' || unwritten === name || name.endsWith(`.${unwritten}`)
    return new DiagnosisError(
      isCalled
        ? `${name} is not written yet. The task says what it should do.`
        : `${unwritten} is not written yet, and ${name} calls it.`,
      { guestStack: stackOf(error) },
    )
  }
  if (isNotAFunction(name, error)) {
    return new DiagnosisError(`Your file exports ${name}, but it is not a function that can be called.`, {})
  }
  if (!(error instanceof Error)) {
    return new DiagnosisError(
      `${name} threw ${shorten(JSON.stringify(error) ?? String(error), 200)}, which is no Error: whoever catches it gets no stack and no name. Throw an Error with a message.`,
    )
  }
  return new DiagnosisError(`${name} threw ${explainError(error)}`, { guestStack: stackOf(error) })
}

/** The function whose starter threw this, '' if it doesn't say; undefined for all other errors. */
function notWritten(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const found = /^Not written yet(?::\s*(.*))?/.exec(error.message)
  return found === null ? undefined : (found[1] ?? '')
}

function isNotAFunction(name: string, error: unknown): boolean {
  return error instanceof TypeError && error.message.includes(`${name.split('.').at(-1)} is not a `)
}
