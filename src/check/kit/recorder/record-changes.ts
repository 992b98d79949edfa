import { Redis, type RedisOptions } from 'ioredis'
import { clientOptions, readAddress } from '../../../redis/address.ts'
import { isNode, trustedClient } from '../connections.ts'
import { environment } from '../environment.ts'
import { isProxy } from '../faults/faulty-proxy.ts'
import { Gate } from '../races/gate.ts'
import { timeOfTest } from '../test-clock.ts'
import { keyReader } from './key-reader.ts'
import { sendThrough } from './recording.ts'
import type { WatchedServer } from './test-log.ts'

/** How often a server that went away is tried again, every 50 ms: a test may start it again. */
const MOST_ATTEMPTS = 100
const OPTIONS: RedisOptions = {
  retryStrategy: (times) => (times < MOST_ATTEMPTS ? 50 : null),
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  disableClientInfo: true,
}

/** Records what every command of the learner's changes, from now on. */
export function recordChanges(): Gate {
  const sandbox = readAddress(environment().url)
  /** Clients that read keys, by the address of their server. */
  const clients = new Map<string, Redis>()

  function clientOf(address: string, options: RedisOptions): Redis {
    const known = clients.get(address)
    if (known !== undefined && known.status !== 'end') return known
    const client = trustedClient(() => new Redis({ ...options, ...OPTIONS }))
    client.on('error', () => {})
    clients.set(address, client)
    return client
  }

  function serverOf(client: Redis): WatchedServer {
    const { host = '127.0.0.1', port } = client.options
    const isSandbox = isProxy(port) || (host === sandbox.host && port === sandbox.port)
    const address = isSandbox ? sandbox.place : `${host}:${port}`
    const options = isSandbox ? clientOptions(sandbox) : { host, ...(port !== undefined && { port }) }
    const reader = keyReader(clientOf(address, options), timeOfTest)
    return { address, reader, isLossy: isProxy(port), ...(isNode(client) && { node: address }) }
  }

  const gate = new Gate(serverOf)
  sendThrough(gate)
  return gate
}
