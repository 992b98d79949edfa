import type { CheckResult } from '../check/index.ts'

/** A verdict on the version of the file that has this hash. It's in the progress log, if it counts. */
export interface HashedVerdict {
  readonly hash: string
  readonly result: CheckResult
}

/** What an open workbench reports about a lesson. */
export interface BesideNews {
  readonly checking: boolean
  /** What is going on, or why there's no verdict. */
  readonly notice?: string | undefined
  /** The test that failed is still being recorded. */
  readonly isRecording: boolean
  /** Each one is sent once; null: the lesson was started over, so the last one is void. */
  readonly verdict?: HashedVerdict | null | undefined
}

/** A workbench that's open for the same home. It checks each save, so that a save counts only once. */
export interface Beside {
  /** How things are, and then each change. It ends, without an error, when the workbench is closed or doesn't respond. */
  readonly news: AsyncIterable<BesideNews>
  /**
   * Asks it for a check: because the learner did, or because of a save, which may be its own page's and then doesn't
   * count as an attempt. If it doesn't respond, the news ends.
   */
  check(why: 'asked' | 'save'): Promise<void>
}

/** Follows the workbench's checks of a lesson until the signal; undefined if there's none that's open. */
export type LookBeside = (slug: string, signal: AbortSignal) => Promise<Beside | undefined>
