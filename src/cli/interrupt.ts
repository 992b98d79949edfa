import { Exit } from './exit.ts'

type Cleanup = () => Promise<void> | void

const signals = { SIGINT: Exit.interrupted, SIGHUP: 129, SIGTERM: 143 } as const

/** What must be put right before the program may end early: servers stopped, the terminal as it was. */
export interface Cleanups {
  /** Returns the function that takes it back, for what was put right in good order. */
  add(cleanup: Cleanup): () => void
  /** Runs all of them, the latest first; none keeps another from running. */
  run(): Promise<void>
  /** From a signal on: whatever comes to its end because its ground was taken away is no result. */
  readonly isEnding: boolean
  /** Hands on what the work gives, and from a signal on nothing any more. */
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
        // The next one counts, too; and the guardian ends what we leave behind.
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
        // For ever, which is until the process ends.
        if (isEnding) await new Promise(() => {})
      }
    },
    end() {
      isEnding = true
      return run()
    },
  }
}

/** Ctrl-C, a closed terminal and `kill` end the program in good order; a second Ctrl-C ends it at once. */
export function endInGoodOrder(cleanups: Cleanups): void {
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (cleanups.isEnding) process.exit(code)
      void cleanups.end().then(() => process.exit(code))
    })
  }
}
