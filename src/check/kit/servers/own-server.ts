import { Redis, type RedisOptions } from 'ioredis'
import { readAddress } from '../../../redis/address.ts'
import { handOut, trustedClient } from '../connections.ts'
import { allowAddress, forbidAddress, setDown } from '../guards/network.ts'
import { noteServer } from '../recorder/recording.ts'
import { keepPulse } from '../silence/hearts.ts'
import { askServers } from './servers.ts'
import { until } from './until.ts'

export interface OwnServerOptions {
  /**
   * Flags of redis-server, for example `['--appendonly', 'yes']`; without any, it keeps snapshots as an installed
   * server does.
   */
  readonly args?: readonly string[]
  /** An existing folder with data to start on; without it, a new folder that is deleted with the server. */
  readonly folder?: string
}

/** A redis-server for one test, which can be killed and started again. Stopped after the test. */
export interface OwnServer {
  /** Stays the same across restarts, as does `folder`. */
  readonly url: string
  readonly folder: string
  /** The suite's own client; it reconnects after a restart. */
  readonly admin: Redis
  /** A client for the learner's code: recorded, and refused what the sandbox refuses. */
  connect(options?: RedisOptions): Redis
  /** Sends SIGKILL. Commands of clients that wait for a reply are rejected soon after. */
  crash(): Promise<void>
  /** Sends SIGSTOP: the server keeps its connections and answers nothing, as if a cable were cut. */
  pause(): Promise<void>
  /** Starts again on the same data; resolves when it's loaded. */
  restart(): Promise<void>
  /**
   * Asks this server again and again until `isSo` resolves to true, for what a server does on its own, such as a
   * replica that copies its primary's data. Whether that happens is up to the machine: if it takes too long, there's
   * no verdict, and `problem` is the reason, without its period.
   */
  until(isSo: (admin: Redis) => Promise<boolean>, problem: string): Promise<void>
  stop(): Promise<void>
}

const OPTIONS: RedisOptions = { retryStrategy: () => 2, connectTimeout: 5_000 }
/** ioredis gives up on a dead server after 20 attempts to connect, which take a starved process half a minute. */
const FEW_ATTEMPTS: RedisOptions = { maxRetriesPerRequest: 4 }
const running = new Set<{ stop(): Promise<void> }>()

/** Registers something to stop after the test. */
export function endAfterTest<T extends { stop(): Promise<void> }>(server: T): T {
  running.add(server)
  return server
}

/** Stops what this test has started; called after each test. */
export async function stopOwnServers(): Promise<void> {
  const all = [...running]
  running.clear()
  await Promise.all(all.map((server) => server.stop()))
}

export async function startServer({ args = [], folder }: OwnServerOptions = {}): Promise<OwnServer> {
  const started = await askServers({ what: 'server', args, ...(folder !== undefined && { folder }) })
  const { of } = started
  const url = started.urls[0] ?? ''
  const { host, port } = readAddress(url)
  const address = { host, port }
  allowAddress(host, port)
  const admin = trustedClient(() => new Redis({ ...address, ...OPTIONS, maxRetriesPerRequest: null }))
  admin.on('error', () => {}) // while the server is down, every attempt raises one
  const pulse = keepPulse(admin)
  const silence = async (what: 'crash' | 'pause') => {
    pulse.expectSilence(true)
    if (what === 'crash') setDown(host, port, true)
    await askServers({ what, of })
    if (what === 'crash') noteServer(`${host}:${port}`, 'killed')
  }
  return endAfterTest({
    url,
    folder: started.folder,
    admin,
    connect(options = {}) {
      const client = handOut(new Redis({ ...address, ...OPTIONS, ...FEW_ATTEMPTS, ...options }))
      client.on('error', () => {})
      return client
    },
    crash: () => silence('crash'),
    pause: () => silence('pause'),
    async restart() {
      await askServers({ what: 'restart', of })
      setDown(host, port, false)
      pulse.expectSilence(false)
      noteServer(`${host}:${port}`, 'restarted')
    },
    until: (isSo, problem) => until(() => isSo(admin), problem),
    async stop() {
      pulse.forget()
      admin.disconnect()
      setDown(host, port, false)
      forbidAddress(host, port)
      await askServers({ what: 'stop', of })
    },
  })
}
