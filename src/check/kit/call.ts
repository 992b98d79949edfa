import { collecting, type SentCommand } from './context.ts'
import { watchForEnd } from './endless/never-ends.ts'
import { stackOf } from './error-stack.ts'
import { explainError } from './explain-error.ts'
import { violation } from './guards/violations.ts'
import { currentCaller } from './races/callers.ts'
import { gaveUpWaiting } from './recorder/recording.ts'
import { callInCode, shorten, showCommand, words } from './show.ts'
import { DiagnosisError } from './verify.ts'

export interface CallOptions {
  /**
   * Maximum duration of the whole call in seconds; default: 8. Without any traffic to Redis, the call is given up
   * after 3 seconds (or a third of this). Both limits are longer on a busy machine.
   */
  readonly seconds?: number
  /** For code that continues in the background by design: ignore commands that are unanswered when it returns. */
  readonly background?: boolean
}

let what = ''

/** The learner's function that was called last: the place to point to when nothing better is known. */
export function lastCalled(): string {
  return what
}

export function forgetLastCalled(): void {
  what = ''
}

/**
 * Runs the learner's function and returns what it returns or resolves to. Anything that goes wrong becomes a
 * diagnosis: the function threw, never settled, returned before Redis had answered, or did something no answer may
 * do.
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
    throw new DiagnosisError(diagnosis, { expected: words(`a thrown ${kind.name}`), received: outcome.value })
  }
  const { error } = outcome
  if (typeof kind === 'function' && error instanceof kind) return error
  if (notWritten(error) !== undefined || isNotAFunction(name, error)) throw threw(name, error)
  throw new DiagnosisError(diagnosis, {
    expected: words(`a thrown ${kind?.name ?? 'error'}`),
    received: error,
    guestStack: stackOf(error),
  })
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/**
 * Runs the function to its outcome, success or error; only something that no answer may do is thrown as a diagnosis.
 */
export async function attempt<T>(
  name: string,
  run: () => T | Promise<T>,
  options: CallOptions = {},
): Promise<Outcome<Awaited<T>>> {
  what = name
  const sent: SentCommand[] = []
  const guard = watchForEnd(name, options.seconds ?? 8)
  try {
    // A script that the check ended fails in the learner's code, but that isn't what went wrong.
    const running = collecting(sent, () => outcomeOf(run)).then((outcome) =>
      guard.endsScript() ? guard.failed : outcome,
    )
    const outcome = await Promise.race([running, guard.failed])
    noteEnd(outcome, sent)
    failOnViolation()
    if (outcome.ok && options.background !== true) failOnUnanswered(name, sent)
    return outcome
  } finally {
    guard.stop()
  }
}

/** For the recording: how this caller's last call ended. */
function noteEnd(outcome: Outcome<unknown>, sent: readonly SentCommand[]): void {
  const caller = currentCaller() ?? sent[0]?.caller
  if (caller === undefined || caller.end === 'died') return
  caller.end = outcome.ok ? 'returned' : 'threw'
  caller.result = outcome.ok ? outcome.value : outcome.error
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
    `${callInCode(name)} returned before Redis replied to ${showCommand(open.name, open.args)}, so the caller continues without knowing whether it worked. Add the missing \`await\`, or return the promise.`,
    { guestStack: open.origin.stack },
  )
}

function threw(name: string, error: unknown): DiagnosisError {
  if (error instanceof DiagnosisError) return error
  const unwritten = notWritten(error)
  if (unwritten !== undefined) {
    const isCalled = unwritten === '' || unwritten === name || name.endsWith(`.${unwritten}`)
    return new DiagnosisError(
      isCalled
        ? `${callInCode(name)} isn't written yet. The task says what it should do.`
        : `${callInCode(unwritten)} isn't written yet, and ${callInCode(name)} calls it.`,
      { guestStack: stackOf(error) },
    )
  }
  if (isNotAFunction(name, error)) {
    return new DiagnosisError(`Your file exports ${callInCode(name)}, but it isn't a function.`, {})
  }
  if (!(error instanceof Error)) {
    return new DiagnosisError(
      `${callInCode(name)} threw ${shorten(JSON.stringify(error) ?? String(error), 200)}, which isn't an \`Error\`, so the code that catches it gets no stack and no name. Throw an \`Error\` with a message.`,
    )
  }
  return new DiagnosisError(`${callInCode(name)} threw ${explainError(error)}`, {
    guestStack: stackOf(error),
  })
}

/** The name of the function whose starter threw this, or '' if it isn't named; undefined for any other error. */
function notWritten(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const found = /^Not written yet(?::\s*(.*))?/.exec(error.message)
  return found === null ? undefined : (found[1] ?? '')
}

function isNotAFunction(name: string, error: unknown): boolean {
  return error instanceof TypeError && error.message.includes(`${name.split('.').at(-1)} is not a `)
}
