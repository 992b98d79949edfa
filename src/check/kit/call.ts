import { collecting, type SentCommand } from './context.ts'
import { stackOf } from './error-stack.ts'
import { explainError } from './explain-error.ts'
import { watchForEnd } from './never-ends.ts'
import { gaveUpWaiting } from './recording.ts'
import { shorten, showCommand } from './show.ts'
import { DiagnosisError } from './verify.ts'
import { violation } from './violations.ts'

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
  const guard = watchForEnd(name, options.seconds ?? 8)
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
