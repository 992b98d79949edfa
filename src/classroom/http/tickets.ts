import { newSecret } from '../hub/secrets.ts'

/** How long a ticket is good for (ms): as long as a browser may take to start. */
const GOOD_FOR = 120_000

/**
 * Log the instructor's own browser in without showing the secret: each ticket opens the pages once, and soon not at
 * all, because addresses stay in histories and in lists of processes.
 */
export class Tickets {
  readonly #secret: string
  readonly #issued = new Map<string, number>()

  constructor(secret: string) {
    this.#secret = secret
  }

  issue(): string {
    const ticket = newSecret()
    this.#issued.set(ticket, performance.now())
    return ticket
  }

  /** The secret, for a ticket that's still good; it isn't afterward. */
  redeem(ticket: string): string | undefined {
    const issued = this.#issued.get(ticket)
    this.#issued.delete(ticket)
    return issued !== undefined && performance.now() - issued < GOOD_FOR ? this.#secret : undefined
  }
}
