import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { freePort, isFree } from '../common/free-port.ts'
import { refuseOld, requiredRedisServer, startOnFreePort } from './binary.ts'
import { type DataFolder, makeDataFolder } from './data-folder.ts'
import { RedisUnavailableError } from './errors.ts'
import type { ServerProcess } from './server-process.ts'

export interface RedisCluster {
  /** The addresses of the three masters, each with a third of the slots: `redis://127.0.0.1:…`. */
  readonly nodes: readonly string[]
  stop(): Promise<void>
}

const NODES = 3
const SLOTS = 16_384
/** By default, nodes talk to each other on their port plus this. */
const BUS_OFFSET = 10_000
const AGREE_TIMEOUT_MS = 20_000
const ARGS = [
  ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '5000'],
  ...['--save', '', '--appendonly', 'no'],
]

interface Node {
  readonly server: ServerProcess
  readonly folder: DataFolder
}

/**
 * Three redis-servers on this machine as a cluster on loopback, without replicas; resolves when every slot is served.
 * Takes a second or two. Rejects with `RedisUnavailableError`, for example when none is installed.
 */
export async function startCluster(
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<RedisCluster> {
  const executable = requiredRedisServer(options.env ?? process.env)
  const started = await Promise.allSettled(Array.from({ length: NODES }, () => startNode(executable)))
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const stop = async () => {
    await Promise.all(nodes.map(({ server, folder }) => server.kill().then(folder.remove)))
  }
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason
    await join(nodes.map(({ server }) => server.port))
  } catch (error) {
    await stop()
    throw error
  }
  return { nodes: nodes.map(({ server }) => `redis://127.0.0.1:${server.port}`), stop }
}

async function startNode(executable: string): Promise<Node> {
  const folder = await makeDataFolder()
  try {
    const server = await startOnFreePort(executable, folder.path, ARGS, freePortPair)
    await refuseOld(server, executable)
    return { server, folder }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** A free port whose bus port is also free. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port + BUS_OFFSET < 65_536 && (await isFree(port + BUS_OFFSET))) return port
  }
}

/** What `redis-cli --cluster create` does, which isn't installed everywhere: slots, epochs, introductions. */
async function join(ports: readonly number[]): Promise<void> {
  const { Redis } = await import('ioredis')
  const clients = ports.map((port) => new Redis({ host: '127.0.0.1', port, enableReadyCheck: false }))
  try {
    await Promise.all(
      clients.map(async (client, index) => {
        await client.cluster('ADDSLOTS', ...slotsOf(index))
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
      }),
    )
    // Every node meets every other: by gossip alone the last two take a second longer.
    for (const [index, client] of clients.entries()) {
      for (const port of ports.slice(index + 1)) await client.cluster('MEET', '127.0.0.1', port)
    }
    await agreement(clients)
  } finally {
    for (const client of clients) client.disconnect()
  }
}

function slotsOf(index: number): number[] {
  const from = Math.floor((index * SLOTS) / NODES)
  const to = Math.floor(((index + 1) * SLOTS) / NODES)
  return Array.from({ length: to - from }, (_, offset) => from + offset)
}

/** Nodes gossip ten times a second and don't announce when they agree, so they're polled. */
async function agreement(clients: readonly Redis[]): Promise<void> {
  const deadline = performance.now() + AGREE_TIMEOUT_MS
  for (const client of clients) {
    while (!agrees(await client.cluster('INFO'))) {
      if (performance.now() > deadline) {
        throw new RedisUnavailableError(
          'binary',
          `The three servers didn't form a cluster within ${AGREE_TIMEOUT_MS / 1000} seconds.`,
          'Try again when the machine is less busy.',
        )
      }
      await sleep(25)
    }
  }
}

function agrees(info: string): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`)
}
