import type { Redis } from 'ioredis'

export interface StreamEntry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** A group's counters. `lag` is null if Redis doesn't know it: after some deletions, and before version 7.0. */
export interface GroupCounters {
  readonly name: string
  readonly pending: number
  readonly lag: number | null
  readonly lastDeliveredId: string
}

/**
 * `idle`: time since the consumer last called, in ms (before Redis 7.2: since a call last returned something).
 * `oldestIdle`: the longest time that one of its entries has been pending, in ms; null if nothing is pending.
 */
export interface ConsumerInfo {
  readonly name: string
  readonly pending: number
  readonly idle: number
  readonly oldestIdle: number | null
}

export interface GroupInfo extends GroupCounters {
  readonly oldestIdle: number | null
  readonly consumers: readonly ConsumerInfo[]
}

export interface StreamInfo {
  readonly length: number
  readonly firstEntry: StreamEntry | null
  readonly lastEntry: StreamEntry | null
  readonly groups: readonly GroupInfo[]
}

/** `lag` is a number of entries, the others are in ms. */
export interface Limits {
  readonly lag: number
  readonly entryIdle: number
  readonly consumerIdle: number
}

export type Alarm =
  | {
      readonly kind: 'dead-consumer'
      readonly group: string
      readonly consumer: string
      readonly pending: number
    }
  | {
      readonly kind: 'slow-consumer'
      readonly group: string
      readonly consumer: string
      readonly oldestIdle: number
    }
  | { readonly kind: 'no-consumer'; readonly group: string; readonly lag: number | null }
  | { readonly kind: 'lag-unknown'; readonly group: string }
  | { readonly kind: 'behind'; readonly group: string; readonly lag: number }

const PAGE = 500

/** Reads one group from the reply to XINFO GROUPS, by name, because other versions of Redis have other fields. */
export function parseGroup(reply: readonly unknown[]): GroupCounters {
  const fields = toMap(reply)
  const lag = fields.get('lag') ?? null
  return {
    name: String(fields.get('name')),
    pending: Number(fields.get('pending')),
    lag: lag === null ? null : Number(lag),
    lastDeliveredId: String(fields.get('last-delivered-id')),
  }
}

/** Describes a stream, with its groups and consumers sorted by name; null if there is no such stream. */
export async function getStreamInfo(redis: Redis, stream: string): Promise<StreamInfo | null> {
  const summary = await xinfoStream(redis, stream)
  if (summary === null) return null
  const groups: GroupInfo[] = []
  for (const reply of (await redis.xinfo('GROUPS', stream)) as unknown[][]) {
    groups.push(await groupInfo(redis, stream, await checkedLag(redis, stream, parseGroup(reply))))
  }
  return {
    length: Number(summary.get('length')),
    firstEntry: toEntry(summary.get('first-entry')),
    lastEntry: toEntry(summary.get('last-entry')),
    groups: groups.sort(byName),
  }
}

/** Lists for each group the alarms of its consumers, and then its own. */
export function findAlarms(info: StreamInfo, limits: Limits): readonly Alarm[] {
  return info.groups.flatMap((group) => [
    ...group.consumers.flatMap((consumer) => consumerAlarms(group.name, consumer, limits)),
    ...groupAlarms(group, limits),
  ])
}

const isAlive = (consumer: ConsumerInfo, limits: Limits) => consumer.idle < limits.consumerIdle

/** A consumer is dead if it's silent and has pending entries. It's slow if it still calls, but has an entry pending for too long. */
function consumerAlarms(group: string, consumer: ConsumerInfo, limits: Limits): readonly Alarm[] {
  const { name, pending, oldestIdle } = consumer
  if (!isAlive(consumer, limits)) {
    return pending > 0 ? [{ kind: 'dead-consumer', group, consumer: name, pending }] : []
  }
  if (oldestIdle === null || oldestIdle < limits.entryIdle) return []
  return [{ kind: 'slow-consumer', group, consumer: name, oldestIdle }]
}

/** An unknown lag isn't 0, so it raises an alarm. */
function groupAlarms({ name: group, lag, consumers }: GroupInfo, limits: Limits): readonly Alarm[] {
  if (lag === 0) return []
  if (!consumers.some((consumer) => isAlive(consumer, limits))) return [{ kind: 'no-consumer', group, lag }]
  if (lag === null) return [{ kind: 'lag-unknown', group }]
  return lag > limits.lag ? [{ kind: 'behind', group, lag }] : []
}

async function xinfoStream(redis: Redis, stream: string): Promise<Map<string, unknown> | null> {
  try {
    return toMap((await redis.xinfo('STREAM', stream)) as unknown[])
  } catch (error) {
    // Only this error means that there's no stream. A key of another type, or a lost connection, is the caller's business.
    if (error instanceof Error && error.message.includes('no such key')) return null
    throw error
  }
}

/** A trim ahead of the group can leave the lag too high for good. Whether an entry comes after its last one is certain. */
async function checkedLag(redis: Redis, stream: string, counters: GroupCounters): Promise<GroupCounters> {
  const next = await redis.xrange(stream, `(${counters.lastDeliveredId}`, '+', 'COUNT', 1)
  return next.length === 0 ? { ...counters, lag: 0 } : counters
}

async function groupInfo(redis: Redis, stream: string, counters: GroupCounters): Promise<GroupInfo> {
  const oldest = await oldestIdleByConsumer(redis, stream, counters.name)
  const replies = (await redis.xinfo('CONSUMERS', stream, counters.name)) as unknown[][]
  const consumers = replies.map(toMap).map((fields) => {
    const name = String(fields.get('name'))
    const [pending, idle] = [Number(fields.get('pending')), Number(fields.get('idle'))]
    return { name, pending, idle, oldestIdle: oldest.get(name) ?? null }
  })
  const oldestIdle = oldest.size === 0 ? null : Math.max(...oldest.values())
  return { ...counters, oldestIdle, consumers: consumers.sort(byName) }
}

/** Pending entries come in ID order, and claiming one resets its idle time, so the first isn't always the oldest. */
async function oldestIdleByConsumer(
  redis: Redis,
  stream: string,
  group: string,
): Promise<Map<string, number>> {
  const oldest = new Map<string, number>()
  for (let start = '-'; ; ) {
    const page = (await redis.xpending(stream, group, start, '+', PAGE)) as [string, string, number, number][]
    for (const [id, consumer, idle] of page) {
      oldest.set(consumer, Math.max(idle, oldest.get(consumer) ?? 0))
      start = `(${id}`
    }
    if (page.length < PAGE) return oldest
  }
}

function toMap(flat: readonly unknown[]): Map<string, unknown> {
  const map = new Map<string, unknown>()
  for (let i = 0; i < flat.length; i += 2) map.set(String(flat[i]), flat[i + 1])
  return map
}

function toEntry(reply: unknown): StreamEntry | null {
  if (!Array.isArray(reply)) return null
  const [id, flat] = reply as [string, string[]]
  return { id, fields: Object.fromEntries(toMap(flat)) as Record<string, string> }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1)
