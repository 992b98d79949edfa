import type { Redis, RedisOptions } from 'ioredis'
import { type ServerVersion, versionInInfo } from './version.ts'

/** An address with its parts apart, so that the password never slips into a sentence. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** 'localhost:6379', what may be shown. */
  readonly place: string
}

export function readAddress(text: string): Address {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || 6379)
  return {
    host,
    port,
    tls: url.protocol === 'rediss:',
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: Number(url.pathname.slice(1) || 0),
    place: `${url.hostname}:${port}`,
  }
}

export interface Probed {
  /** Logged in, on the address's database; the caller disconnects it. */
  readonly client: Redis
  readonly version: ServerVersion | undefined
  /** 'standalone', 'cluster' or 'sentinel'. */
  readonly mode: string
}

/** For everything together: connecting, TLS, logging in, asking. */
const TIMEOUT_MS = 5_000

/** It took the connection, or not even that, and then kept silent. */
export class SilentServerError extends Error {
  override readonly name = 'SilentServerError'
}

/**
 * Connects once and asks who is there. Rejects with the error of the socket, of TLS, of the protocol or of Redis,
 * whichever says most; see `connect-problem.ts` for the sentences.
 */
export async function probe(address: Address): Promise<Probed> {
  const { Redis } = await import('ioredis')
  const options: RedisOptions = {
    host: address.host,
    port: address.port,
    ...(address.tls && { tls: {} }),
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: TIMEOUT_MS,
    disableClientInfo: true,
  }
  const client = new Redis(options)
  let telling: Error | undefined
  client.on('error', (error) => {
    telling ??= error
  })
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentServerError('No answer in time.')), TIMEOUT_MS)
  })
  try {
    return await Promise.race([ask(client, address), silence])
  } catch (error) {
    client.disconnect()
    throw isVague(error) && telling !== undefined ? telling : error
  } finally {
    clearTimeout(timer)
  }
}

/** One after the other instead of by ioredis's options: so each step's own refusal arrives here. */
async function ask(client: Redis, { username, password, database }: Address): Promise<Probed> {
  await client.connect()
  if (password !== undefined) {
    await (username === undefined ? client.auth(password) : client.auth(username, password))
  }
  if (database !== 0) await client.select(database)
  const info = await client.info('server')
  const mode = /^redis_mode:(\w+)/m.exec(info)?.[1] ?? 'standalone'
  return { client, version: versionInInfo(info), mode }
}

/** "Connection is closed." is what ioredis says to the caller; why it closed went to the error event. */
function isVague(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Connection is closed')
}
