export interface Pace {
  /** At once. */
  readonly burst: number
  readonly perSecond: number
}

/** Maximum number of senders that are tracked: beyond that, the oldest are forgotten. */
const MOST = 10_000

/** Limits each sender to so much at once and so much per second. `now` is in milliseconds. */
export class Buckets {
  readonly #pace: Pace
  readonly #now: () => number
  readonly #left = new Map<string, { readonly tokens: number; readonly at: number }>()

  constructor(pace: Pace, now: () => number = () => performance.now()) {
    this.#pace = pace
    this.#now = now
  }

  /** Whether this sender may do another thing now; if not, in how many seconds, at least 1. Uses nothing up. */
  wait(sender: string, much = 1): number {
    const missing = Math.min(much, this.#pace.burst) - this.#tokens(sender)
    return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / this.#pace.perSecond))
  }

  take(sender: string, much = 1): void {
    const tokens = Math.max(0, this.#tokens(sender) - much)
    this.#left.delete(sender)
    this.#left.set(sender, { tokens, at: this.#now() })
    if (this.#left.size > MOST) for (const oldest of this.#left.keys()) return void this.#left.delete(oldest)
  }

  #tokens(sender: string): number {
    const { burst, perSecond } = this.#pace
    const left = this.#left.get(sender)
    if (left === undefined) return burst
    return Math.min(burst, left.tokens + ((this.#now() - left.at) / 1_000) * perSecond)
  }
}
