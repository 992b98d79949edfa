import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Which caller of the learner's code a test made on purpose; `only` for any other, and `test` for the test itself,
 * which sometimes listens with a client like those of the learner's code.
 */
export type Part = 'first' | 'second' | 'process' | 'only' | 'test'

/** One caller of the learner's code: a writer, a reader, a process. */
export interface Caller {
  readonly part: Part
  end: 'returned' | 'threw' | 'died' | 'open'
  /** What its last call returned or threw. */
  result?: unknown
}

const callers = new AsyncLocalStorage<Caller>()

export function newCaller(part: Part): Caller {
  return { part, end: 'open' }
}

/** Everything that `run` sends, on whichever connection, comes from this caller. */
export function asCaller<T>(caller: Caller, run: () => T): T {
  return callers.run(caller, run)
}

export function currentCaller(): Caller | undefined {
  return callers.getStore()
}
