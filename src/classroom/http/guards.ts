import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, MiddlewareHandler } from 'hono'
import { limits } from '../limits.ts'
import { Refusal } from './answers.ts'
import { Buckets } from './bucket.ts'

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * A hub on loopback answers only who asks by a name of this machine: a page from elsewhere can let its own name point to 127.0.0.1
 * (DNS rebinding), and then comes with that name.
 */
export const onlyThisMachine: MiddlewareHandler = async (context, next) => {
  if (!loopback.has(hostnameOf(context.req.header('host')))) {
    throw new Refusal(421, 'This class is open on its own machine only: 127.0.0.1 or localhost.')
  }
  return next()
}

/** Browsers name the page's origin with whatever changes something; programs (the learners' side) name none. */
export const onlyOwnPages: MiddlewareHandler = async (context, next) => {
  const origin = context.req.header('origin')
  const isOwn = origin === undefined || hostOf(origin) === context.req.header('host')
  const site = context.req.header('sec-fetch-site') ?? 'none'
  const mayAsk = context.req.method === 'GET' || context.req.method === 'HEAD'
  if (!mayAsk && (!isOwn || !['none', 'same-origin'].includes(site))) {
    throw new Refusal(403, 'Only the pages of this class may ask for that.')
  }
  return next()
}

/**
 * By the length that the request announces; Node holds it to that. Hono's own limit counts what comes, and for that makes a whole
 * `Request` of each: a third of what a small batch costs.
 */
export const smallBodies: MiddlewareHandler = async (context, next) => {
  const length = Number(context.req.header('content-length') ?? 0)
  if (context.req.header('transfer-encoding') !== undefined || !(length <= limits.body)) {
    throw new Refusal(413, 'That is too much at once.')
  }
  return next()
}

/** Slows down whoever tries codes, by address and all together; a right one costs nothing. */
export class Guesses {
  readonly #ofOne: Buckets
  readonly #ofAll: Buckets

  constructor(now?: () => number) {
    this.#ofOne = new Buckets(limits.wrongCodes, now)
    this.#ofAll = new Buckets(limits.wrongCodesOfAll, now)
  }

  /** Throws Refusal while too many were wrong, even for a right one: else a guess would be worth it. */
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

/** Of the other end of the connection. Headers that claim another are not believed. */
function addressOf(context: Context): string {
  try {
    return getConnInfo(context).remote.address ?? ''
  } catch {
    return ''
  }
}

function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}
