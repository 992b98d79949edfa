import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

const trusted = new WeakSet<Redis>()
const open = new Set<Redis>()
const cutByCheck = new WeakSet<Redis>()
const openClusters = new Set<Cluster>()
const handedOut = new WeakSet<Redis | Cluster>()
/** Only code that holds this very object can make a trusted client. */
const TRUST = {}
/** For a cluster of the suite's own: its connections are made later, one by one, and get these options. */
export const TRUSTED_OPTIONS: RedisOptions = { eventlingsTrust: TRUST } as RedisOptions
let leftOpen = 0
let making = false

/** Registers every connection that any client in this process opens after this call. */
export function watchConnections(): void {
  const connect = Redis.prototype.connect
  Redis.prototype.connect = function recordedConnect(this: Redis, ...args) {
    if (!isTrusted(this) && !isInner(this)) open.add(hushed(this))
    return connect.apply(this, args)
  }
  const join = Cluster.prototype.connect
  Cluster.prototype.connect = function recordedJoin(this: Cluster) {
    if (!isTrusted(this)) openClusters.add(hushed(this))
    return join.call(this)
  }
}

const hush = new WeakSet<Redis | Cluster>()

/** Without a listener, ioredis prints connection errors, and the learner's code didn't print those. */
function hushed<C extends Redis | Cluster>(client: C): C {
  if (!hush.has(client)) (client as Redis).on('error', () => {})
  hush.add(client)
  return client
}

/** A connection of the suite's own: not recorded, never held back, never refused anything. */
export function trustedClient(make: () => Redis): Redis {
  making = true
  try {
    const client = make()
    trusted.add(client)
    return client
  } finally {
    making = false
  }
}

/** A connection of the suite's own, or one that's being made for it. */
export function isTrusted(client: Redis | Cluster): boolean {
  if (making) return true
  if (!(client instanceof Cluster) && trusted.has(client)) return true
  const options = client instanceof Cluster ? client.options.redisOptions : client.options
  return (options as { eventlingsTrust?: unknown } | undefined)?.eventlingsTrust === TRUST
}

/** A cluster's internal connections, which it closes itself. */
export function isInner(client: Redis): boolean {
  return client.options.connectionName?.startsWith('ioredis-cluster(') === true
}

/** Whether it's the connection of one of the learner's cluster clients to a node. */
export function isNode(client: Redis): boolean {
  return [...openClusters].some((cluster) => cluster.nodes('all').includes(client))
}

/**
 * Cuts every connection that the learner's code still has, whether it opened the connection or was given it. After a
 * test that ran normally (`counting`), those that it opened and left open are counted; code whose process "died"
 * couldn't close anything.
 */
export function disconnectGuests(counting = false): void {
  const own = ownConnections()
  for (const client of open) cutByCheck.add(client)
  // Before their nodes: a cluster whose connection breaks would open another one.
  for (const cluster of openClusters) cluster.disconnect()
  openClusters.clear()
  for (const client of open) {
    open.delete(client)
    client.on('error', () => {})
    cut(client)
  }
  if (counting) leftOpen = Math.max(leftOpen, own)
}

/** Ends a connection as the death of its process would: unanswered commands stay unanswered. */
export function cut(client: Redis): void {
  cutByCheck.add(client)
  if (client.status !== 'end') client.disconnect() // on a closed one it would leave a two-second timer
}

export function wasCut(client: Redis): boolean {
  return cutByCheck.has(client)
}

/** The connections that the learner's code opened and hasn't asked to close. */
function ownConnections(): number {
  // A cluster counts once, with all its nodes.
  const nodes = new Set([...openClusters].flatMap((cluster) => cluster.nodes('all')))
  const clients = [...open].filter((one) => !handedOut.has(one) && !nodes.has(one) && !isClosing(one))
  const clusters = [...openClusters].filter(
    (cluster) => !handedOut.has(cluster) && !['end', 'close', 'disconnecting'].includes(cluster.status),
  )
  return clients.length + clusters.length
}

/** How often a connection that's about to close is checked again, and how many milliseconds apart. */
const LOOKS = 200
const BETWEEN_LOOKS_MS = 5

/**
 * How many connections the learner's code has opened in this test and left open, once it has had time to close them.
 */
export async function connectionsStillOpen(): Promise<number> {
  for (let look = 0; look < LOOKS && ownConnections() > 0; look += 1) await sleep(BETWEEN_LOOKS_MS)
  return ownConnections()
}

/** A connection that was asked to close counts as closed, although its socket may need a moment. */
export function isClosing(client: Redis): boolean {
  const { manuallyClosing = false } = client as unknown as { readonly manuallyClosing?: boolean }
  return manuallyClosing || ['end', 'close', 'disconnecting', 'wait'].includes(client.status)
}

/** A connection that a suite made for the learner's code: it's theirs to use but not to close. */
export function handOut(client: Redis): Redis {
  handedOut.add(client)
  return client
}

/** The same for a whole cluster. */
export function handOutCluster(cluster: Cluster): Cluster {
  handedOut.add(cluster)
  return cluster
}

/** The most connections of its own that the learner's code left open in one test. Calling this resets the count. */
export function countLeftOpen(): number {
  const most = leftOpen
  leftOpen = 0
  return most
}
