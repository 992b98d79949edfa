import type { CheckResult } from '../check/index.ts'

/** What an open workbench reports about a lesson. */
export interface BesideNews {
  /** A check of it has begun or ended; `notice`: what is going on, or why there's no verdict. */
  onChecking(isChecking: boolean, notice: string | undefined): void
  /** A verdict, which is recorded already. */
  onVerdict(result: CheckResult): void
  /** It was closed. */
  onLost(): void
}

/** A workbench that's open for the same home. It checks each save, so that a save counts only once. */
export interface Beside {
  /** Asks it for a check. */
  check(): Promise<void>
  close(): void
}

/** Follows the workbench's checks of a lesson; undefined if there's none that's open. */
export type LookBeside = (slug: string, news: BesideNews) => Promise<Beside | undefined>
