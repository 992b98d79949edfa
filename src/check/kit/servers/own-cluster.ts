import { once } from 'node:events'
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { readAddress } from '../../../redis/address.ts'
import { type Halfway, moveSlot, ownerOf } from '../../../redis/move-slot.ts'
import { handOutCluster, TRUSTED_OPTIONS, trustedClient } from '../connections.ts'
import { allowAddress, forbidAddress } from '../guards/network.ts'
import { keepPulse } from '../silence/hearts.ts'
import { endAfterTest } from './own-server.ts'
import { askServers } from './servers.ts'
import type { ServersReply } from './servers-messages.ts'

/**
 * Three masters, empty at the start of the test. The next test of the suite gets the same ones, emptied, because a
 * cluster takes two seconds to agree on its state. So query which node serves which slots; don't assume it.
 */
export interface OwnCluster {
  readonly nodes: readonly string[]
  /** The suite's own client of the whole cluster. */
  readonly admin: Cluster
  /** The suite's own clients of the single nodes, in the order of `nodes`. */
  readonly nodeAdmins: readonly Redis[]
  /**
   * A client for the learner's code, which already knows all nodes: recorded, and refused what the sandbox refuses.
   */
  connect(options?: ClusterOptions): Promise<Cluster>
  /** Which node serves the slot of this key. */
  nodeOf(key: string): Promise<number>
  slotOf(key: string): Promise<number>
  /**
   * Moves a slot with its keys, as a running cluster does. `meanwhile` runs while the slot is open on both sides;
   * `halfway` runs when the keys in `first` have moved and the others haven't. If either throws, the slot stays half
   * moved and the cluster is thrown away.
   */
  moveSlot(slot: number, toNode: number, meanwhile?: () => Promise<void>, halfway?: Halfway): Promise<void>
  /** Called automatically after the test. */
  stop(): Promise<void>
}

/** Redirections without the usual pauses, because 100 ms each would be most of a test. */
const QUICK: ClusterOptions = {
  retryDelayOnTryAgain: 5,
  retryDelayOnMoved: 0,
  retryDelayOnFailover: 20,
  slotsRefreshTimeout: 5_000,
}

/** From an earlier test of this suite; `undefined` while a test is using it. */
let spare: ServersReply | undefined

export async function startCluster(): Promise<OwnCluster> {
  const started = spare ?? (await askServers({ what: 'cluster' }))
  spare = undefined
  const { of, urls } = started
  const addresses = urls.map(readAddress).map(({ host, port }) => ({ host, port }))
  for (const { host, port } of addresses) allowAddress(host, port)
  const nodeAdmins = addresses.map((address) => trustedClient(() => new Redis(address)))
  const pulses = nodeAdmins.map(keepPulse)
  const cluster = (options: ClusterOptions, redisOptions: RedisOptions) =>
    quiet(new Cluster(addresses, { ...QUICK, ...options, redisOptions }))
  const admin = cluster({}, TRUSTED_OPTIONS)
  let whole = true // no slot is half moved
  const slotOf = async (key: string) => Number(await nodeAdmins[0]?.call('CLUSTER', 'KEYSLOT', key))
  return endAfterTest({
    nodes: urls,
    admin,
    nodeAdmins,
    async connect(options = {}) {
      const client = handOutCluster(cluster(options, options.redisOptions ?? {}))
      await once(client, 'ready')
      return client
    },
    slotOf,
    nodeOf: async (key) => ownerOf(await slotOf(key), nodeAdmins),
    async moveSlot(slot, toNode, meanwhile, halfway) {
      whole = false
      await moveSlot(slot, nodeAdmins, toNode, meanwhile, halfway)
      whole = true
    },
    async stop() {
      if (whole) await empty(nodeAdmins)
      for (const pulse of pulses) pulse.forget()
      for (const client of [admin, ...nodeAdmins]) client.disconnect()
      for (const { host, port } of addresses) forbidAddress(host, port)
      if (whole) spare = started
      else await askServers({ what: 'stop', of })
    },
  })
}

async function empty(nodes: readonly Redis[]): Promise<void> {
  await Promise.all(
    nodes.map((node) => node.pipeline().flushall().script('FLUSH').call('FUNCTION', 'FLUSH').exec()),
  )
}

/** Errors show in the commands; without a listener ioredis would print them. */
function quiet(cluster: Cluster): Cluster {
  cluster.on('error', () => {})
  return cluster
}
