import type { RedisOptions } from 'ioredis'

/** An address split into its parts, so that the password never slips into a sentence. */
export interface Address {
  /** As sockets take it: an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** What may be shown: `localhost:6379`, `[::1]:6379`. */
  readonly place: string
}

const USUAL_PORT = 6379

/** Reads `redis://…` and `rediss://…`. The whole program reads addresses here, so they mean the same everywhere. */
export function readAddress(text: string): Address {
  const url = new URL(text)
  const port = Number(url.port || USUAL_PORT)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    tls: url.protocol === 'rediss:',
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: Number(url.pathname.slice(1) || 0),
    place: `${url.hostname}:${port}`,
  }
}

/**
 * The same address with every odd character of its password escaped. Client libraries parse addresses themselves, and
 * disagree about characters that people leave unescaped.
 */
export function plainUrl({ tls, username, password, place, database }: Address): string {
  const user = encodeURIComponent(username ?? '')
  const login = password === undefined ? user : `${user}:${encodeURIComponent(password)}`
  return `${tls ? 'rediss' : 'redis'}://${login}${login === '' ? '' : '@'}${place}/${database}`
}

/** As options of ioredis and not as a URL, because options can't override what a URL says. */
export function clientOptions({ host, port, tls, username, password, database }: Address): RedisOptions {
  return {
    host,
    port,
    db: database,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  }
}
