import { Exit } from './exit.ts'

type Cleanup = () => Promise<void> | void

const signals = { SIGINT: Exit.interrupted, SIGHUP: 129, SIGTERM: 143 } as const

/** What must be put right before the program may end early: servers stopped, the terminal as it was. */
export interface Cleanups {
  /** Returns the function that takes it back, for what was put right in good order. */
  add(cleanup: Cleanup): () => void
  /** Runs all of them, the latest first; none keeps another from running. */
  run(): Promise<void>
}

export function newCleanups(): Cleanups {
  const all = new Set<Cleanup>()
  return {
    add(cleanup) {
      all.add(cleanup)
      return () => all.delete(cleanup)
    },
    async run() {
      for (const cleanup of [...all].reverse()) {
        all.delete(cleanup)
        try {
          await cleanup()
        } catch {
          // The next one counts, too; and the guardian ends what we leave behind.
        }
      }
    },
  }
}

/** Ctrl-C, a closed terminal and `kill` end the program in good order; a second Ctrl-C ends it at once. */
export function endInGoodOrder(cleanups: Cleanups): void {
  let ending = false
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (ending) process.exit(code)
      ending = true
      void cleanups.run().then(() => process.exit(code))
    })
  }
}
