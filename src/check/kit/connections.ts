import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

const trusted = new WeakSet<Redis>()
const open = new Set<Redis>()
const cutByCheck = new WeakSet<Redis>()
const openClusters = new Set<Cluster>()
const handedOut = new WeakSet<Redis | Cluster>()
/** Only who holds this very object can make a client that is trusted. */
const TRUST = {}
/** For a cluster of the suite's own: its connections are made later, one by one, and get these options. */
export const TRUSTED_OPTIONS: RedisOptions = { eventlingsTrust: TRUST } as RedisOptions
let leftOpen = 0
let making = false

/** From here on every connection that any client in this process opens is known. */
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

/** Without a listener ioredis prints what goes wrong with a connection, and that isn't what the learner's code printed. */
function hushed<C extends Redis | Cluster>(client: C): C {
  if (!hush.has(client)) (client as Redis).on('error', () => {})
  hush.add(client)
  return client
}

/** A connection of the suite's own: not recorded, not held back, not refused anything. */
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

/** One of the suite's own, or one that is just being made for it. */
export function isTrusted(client: Redis | Cluster): boolean {
  if (making) return true
  if (!(client instanceof Cluster) && trusted.has(client)) return true
  const options = client instanceof Cluster ? client.options.redisOptions : client.options
  return (options as { eventlingsTrust?: unknown } | undefined)?.eventlingsTrust === TRUST
}

/** Connections for a cluster's own use, which it closes itself. */
function isInner(client: Redis): boolean {
  return client.options.connectionName?.startsWith('ioredis-cluster(') === true
}

/**
 * Cuts every connection that the learner's code still has, whoever opened it. After a test that went its way (`counting`)
 * those that it opened itself and left are counted; code whose process "died" could not close anything.
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

/** Ends a connection, as the death of its process would: what is unanswered on it stays so. */
export function cut(client: Redis): void {
  cutByCheck.add(client)
  if (client.status !== 'end') client.disconnect() // on one that is closed it would leave a timer of two seconds
}

export function wasCut(client: Redis): boolean {
  return cutByCheck.has(client)
}

/** Those that the learner's code opened itself and has not told to close. */
function ownConnections(): number {
  // A cluster counts once, with all its nodes.
  const nodes = new Set([...openClusters].flatMap((cluster) => cluster.nodes('all')))
  const clients = [...open].filter((one) => !handedOut.has(one) && !nodes.has(one) && !isClosing(one))
  const clusters = [...openClusters].filter(
    (cluster) => !handedOut.has(cluster) && !['end', 'close', 'disconnecting'].includes(cluster.status),
  )
  return clients.length + clusters.length
}

/** So often, and after so many milliseconds each time, one that is about to be closed is looked at again. */
const LOOKS = 200
const BETWEEN_LOOKS_MS = 5

/** How many connections the learner's code has opened in this test and left open, when it has had the time to close them. */
export async function connectionsStillOpen(): Promise<number> {
  for (let look = 0; look < LOOKS && ownConnections() > 0; look += 1) await sleep(BETWEEN_LOOKS_MS)
  return ownConnections()
}

/** One that was told to close has done its part, although its socket may need a moment. */
export function isClosing(client: Redis): boolean {
  const { manuallyClosing = false } = client as unknown as { readonly manuallyClosing?: boolean }
  return manuallyClosing || ['end', 'close', 'disconnecting', 'wait'].includes(client.status)
}

/** A connection that a suite made for the learner's code: theirs to use, and not theirs to close. */
export function handOut(client: Redis): Redis {
  handedOut.add(client)
  return client
}

/** The same for a whole cluster. */
export function handOutCluster(cluster: Cluster): Cluster {
  handedOut.add(cluster)
  return cluster
}

/** The most connections of its own that the learner's code left open in one test; from here on they are counted anew. */
export function countLeftOpen(): number {
  const most = leftOpen
  leftOpen = 0
  return most
}
