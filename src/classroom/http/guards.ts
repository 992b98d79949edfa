import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, MiddlewareHandler } from 'hono'
import { onlyByName, onlyChangesFrom } from '../../http/index.ts'
import { limits } from '../limits.ts'
import { sizeOf, tooMuch } from './answers.ts'
import { Refusal } from './refusal.ts'

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
    throw new Refusal(403, "Only this class's own pages can do that.")
  },
)

/** The most that any request may have; each has its own limit as well. */
export const smallBodies: MiddlewareHandler = async (context, next) => {
  if (sizeOf(context) > limits.body) throw tooMuch()
  return next()
}

export function seconds(count: number): string {
  return count === 1 ? '1 second' : `${count} seconds`
}

/** The address at the other end of the connection. Headers that claim another are ignored. */
export function addressOf(context: Context): string {
  try {
    return getConnInfo(context).remote.address ?? ''
  } catch {
    return ''
  }
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}
