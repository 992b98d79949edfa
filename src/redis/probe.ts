import type { Redis, RedisOptions } from 'ioredis'
import type { Address } from './address.ts'
import { type ServerVersion, versionInInfo } from './version.ts'

export interface Probed {
  /** Logged in, on the address's database; the caller disconnects it. */
  readonly client: Redis
  readonly version: ServerVersion | undefined
  /** 'standalone', 'cluster' or 'sentinel'. */
  readonly mode: string
  /** Everything that INFO reports. */
  readonly info: string
}

/** Maximum for everything together: connecting, TLS, logging in, querying. */
const TIMEOUT_MS = 5_000

/** It accepted the connection, or not even that, and then stayed silent. */
export class SilentServerError extends Error {
  override readonly name = 'SilentServerError'
}

/**
 * Connects once and asks who's there. Rejects with the error of the socket, of TLS, of the protocol or of Redis,
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
    commandTimeout: TIMEOUT_MS,
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

/** One after the other instead of by ioredis's options, so that each step's own error arrives here. */
async function ask(client: Redis, { username, password, database }: Address): Promise<Probed> {
  await client.connect()
  if (password !== undefined) {
    await (username === undefined ? client.auth(password) : client.auth(username, password))
  }
  if (database !== 0) await client.select(database)
  const info = await client.info()
  const mode = /^redis_mode:(\w+)/m.exec(info)?.[1] ?? 'standalone'
  return { client, version: versionInInfo(info), mode, info }
}

/** "Connection is closed." is what ioredis reports to the caller; the reason went to the error event. */
function isVague(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Connection is closed')
}
