/** What stands in a lock file. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** Different for every taking of the lock. */
  readonly token: string
}

/** What somebody who waits for a lock has seen of it. */
export interface Watched {
  /** How long the lock has been the very same one, while the watcher was awake, in milliseconds. */
  readonly watchedMs: number
  /** How old the file is by the clock, in milliseconds. */
  readonly ageMs: number
  readonly host: string
  readonly isAlive: (pid: number) => boolean
}

/** The owner is gone. Not at once: a container may share our host's name and not its processes, and holds it for a moment only. */
const GONE_MS = 200
/** The lock file is empty: its maker was killed between making and naming it. */
const NAMELESS_MS = 1_000
/** The owner lives, or lives elsewhere: perhaps its number went to another process. A lock is held for milliseconds. */
const STUCK_MS = 3_000
/**
 * And so old must one of this machine be by the clock, so that a program stopped for a moment doesn't lose its lock. The age of
 * another machine's lock says nothing: the clocks differ, and a copied folder makes every file in it new.
 */
const STUCK_AGE_MS = 30_000

export function nameOwner(owner: Owner): string {
  return `${owner.pid} ${owner.token} ${owner.host}`
}

/** `undefined` for a lock file that names nobody. */
export function readOwner(text: string): Owner | undefined {
  const found = /^(\d+) (\S+) (.*)$/s.exec(text)
  if (!found) return undefined
  return { pid: Number(found[1]), token: found[2] ?? '', host: found[3] ?? '' }
}

/** May this lock be broken? */
export function isStale(owner: Owner | undefined, watched: Watched): boolean {
  const { watchedMs, ageMs } = watched
  if (owner === undefined) return watchedMs >= NAMELESS_MS
  if (owner.host !== watched.host) return watchedMs >= STUCK_MS
  if (!watched.isAlive(owner.pid)) return watchedMs >= GONE_MS
  return watchedMs >= STUCK_MS && ageMs >= STUCK_AGE_MS
}
