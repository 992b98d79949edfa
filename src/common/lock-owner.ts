/** The content of a lock file. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** Different each time the lock is taken. */
  readonly token: string
}

/** What a program that waits for a lock has seen of it. */
export interface Watched {
  /** How long the lock has been the very same one, while the watcher was awake, in milliseconds. */
  readonly watchedMs: number
  /** How old the file is by the clock, in milliseconds. */
  readonly ageMs: number
  readonly host: string
  readonly isAlive: (pid: number) => boolean
}

/**
 * The owner is gone. The lock isn't broken at once: a container may share our host's name but not its processes, and
 * holds the lock only for a moment.
 */
const GONE_MS = 200
/** The lock file is empty: its owner was killed between creating it and writing its name. */
const NAMELESS_MS = 1_000
/** The owner is alive, or on another machine: perhaps its process ID was reused. A lock is held for milliseconds. */
const STUCK_MS = 3_000
/**
 * And how old a lock of this machine must be by the clock, so that a program paused for a moment doesn't lose its
 * lock. The age of another machine's lock says nothing: the clocks differ, and a copied folder makes every file in it
 * new.
 */
const STUCK_AGE_MS = 30_000

export function nameOwner(owner: Owner): string {
  return `${owner.pid} ${owner.token} ${owner.host}`
}

/** `undefined` for a lock file that names no owner. */
export function readOwner(text: string): Owner | undefined {
  const found = /^(\d+) (\S+) (.*)$/s.exec(text)
  if (!found) return undefined
  return { pid: Number(found[1]), token: found[2] ?? '', host: found[3] ?? '' }
}

/** Whether this lock may be broken. */
export function isStale(owner: Owner | undefined, watched: Watched): boolean {
  const { watchedMs, ageMs } = watched
  if (owner === undefined) return watchedMs >= NAMELESS_MS
  if (owner.host !== watched.host) return watchedMs >= STUCK_MS
  if (!watched.isAlive(owner.pid)) return watchedMs >= GONE_MS
  return watchedMs >= STUCK_MS && ageMs >= STUCK_AGE_MS
}
