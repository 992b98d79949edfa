import { Exit } from '../common/exit.ts'

type Cleanup = () => Promise<void> | void

const signals = { SIGINT: Exit.interrupted, SIGHUP: 129, SIGTERM: 143 } as const

/** Keeps a server running, or work from going on: never settles, so only Ctrl-C or another signal ends the program. */
export function untilInterrupted(): Promise<never> {
  return new Promise<never>(() => {})
}

/** What must be cleaned up before the program may end early: servers stopped, the terminal restored. */
export interface Cleanups {
  /** Returns the function that removes the cleanup again, for work that ended normally. */
  add(cleanup: Cleanup): () => void
  /** Runs all of them, the latest first; an error in one doesn't stop the others. */
  run(): Promise<void>
  /** After a signal, whatever ends because its resources were taken away isn't a result. */
  readonly isEnding: boolean
  /** Passes on the result of the work, and after a signal never settles. */
  unlessEnding<T>(work: Promise<T>): Promise<T>
  /** The signal has come: from now on only the cleanups count. */
  end(): Promise<void>
}

export function newCleanups(): Cleanups {
  const all = new Set<Cleanup>()
  let isEnding = false
  async function run(): Promise<void> {
    for (const cleanup of [...all].reverse()) {
      all.delete(cleanup)
      try {
        await cleanup()
      } catch {
        // The next signal counts, too; and the guardian ends what we leave behind.
      }
    }
  }
  return {
    add(cleanup) {
      all.add(cleanup)
      return () => all.delete(cleanup)
    },
    run,
    get isEnding() {
      return isEnding
    },
    async unlessEnding(work) {
      try {
        return await work
      } finally {
        if (isEnding) await untilInterrupted()
      }
    },
    end() {
      isEnding = true
      return run()
    },
  }
}

/** Ends the program cleanly on Ctrl-C, a closed terminal or `kill`; a second Ctrl-C ends it at once. */
export function endInGoodOrder(cleanups: Cleanups): void {
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (cleanups.isEnding) process.exit(code)
      void cleanups.end().then(() => process.exit(code))
    })
  }
}
