import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, MiddlewareHandler } from 'hono'
import { onlyByName, onlyChangesFrom } from '../../http/index.ts'
import { limits } from '../limits.ts'
import { Refusal } from './answers.ts'
import { Buckets } from './bucket.ts'

/** For a hub on loopback; `host` is where it listens, in case that's another loopback address. */
export function onlyThisMachine(host: string): MiddlewareHandler {
  const own = new URL(`http://${host.includes(':') ? `[${host}]` : host}`).hostname
  return onlyByName([...new Set(['127.0.0.1', 'localhost', '[::1]', own])], () => {
    throw new Refusal(421, `This class can only be reached from its own machine, at ${own} or localhost.`)
  })
}

/**
 * Browsers send the page's origin with any request that changes something; programs (the learners' side) send none.
 */
export const onlyOwnPages = onlyChangesFrom(
  ({ host, origin, site = 'none' }) =>
    (origin === undefined || hostOf(origin) === host) && (site === 'none' || site === 'same-origin'),
  () => {
    throw new Refusal(403, 'Only the pages of this class can do that.')
  },
)

/**
 * By the length that the request announces, which Node enforces. Hono's own limit counts the bytes, and for that
 * makes a whole `Request` of each: a third of the cost of a small batch.
 */
export const smallBodies: MiddlewareHandler = async (context, next) => {
  const length = Number(context.req.header('content-length') ?? 0)
  if (context.req.header('transfer-encoding') !== undefined || !(length <= limits.body)) {
    throw new Refusal(413, "That's too much at once.")
  }
  return next()
}

/** Slows down clients that try codes, by address and overall; a right one costs nothing. */
export class Guesses {
  readonly #ofOne: Buckets
  readonly #ofAll: Buckets

  constructor(now?: () => number) {
    this.#ofOne = new Buckets(limits.wrongCodes, now)
    this.#ofAll = new Buckets(limits.wrongCodesOfAll, now)
  }

  /** Throws Refusal after too many wrong codes, even for a right one: otherwise guessing would pay off. */
  assertMayTry(context: Context): void {
    const wait = Math.max(this.#ofOne.wait(addressOf(context)), this.#ofAll.wait(''))
    if (wait > 0) throw new Refusal(429, `Too many wrong codes. Wait ${seconds(wait)}.`, wait)
  }

  wrong(context: Context, sentence: string): never {
    this.#ofOne.take(addressOf(context))
    this.#ofAll.take('')
    throw new Refusal(401, sentence)
  }
}

export function seconds(count: number): string {
  return count === 1 ? '1 second' : `${count} seconds`
}

/** The address at the other end of the connection. Headers that claim another are ignored. */
function addressOf(context: Context): string {
  try {
    return getConnInfo(context).remote.address ?? ''
  } catch {
    return ''
  }
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}
