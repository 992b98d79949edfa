// task: claimPending
// diagnosis: follow the cursor
import type { Redis } from 'ioredis'

export interface Member {
  readonly stream: string
  readonly group: string
  readonly consumer: string
}

export interface StreamEvent {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export interface ClaimedEvent extends StreamEvent {
  readonly deliveries: number
}

export interface RecoverOptions {
  readonly minIdleMs: number
  readonly maxDeliveries: number
  readonly handle: (event: ClaimedEvent) => void | Promise<void>
}

export interface RecoveryReport {
  readonly handled: number
  readonly failed: number
  readonly held: number
  readonly dead: number
}

export class ConsumerBusyError extends Error {
  override readonly name = 'ConsumerBusyError'
  readonly consumer: string
  readonly pending: number

  constructor(consumer: string, pending: number) {
    super(`The consumer "${consumer}" has ${pending} events pending`)
    this.consumer = consumer
    this.pending = pending
  }
}

type Entry = readonly [id: string, fields: readonly string[] | null]

const PAGE = 100

export async function resume(
  redis: Redis,
  member: Member,
  handle: (event: StreamEvent) => void | Promise<void>,
): Promise<number> {
  const { stream, group, consumer } = member
  let count = 0
  let from = '0'
  for (;;) {
    const read = redis.xreadgroup('GROUP', group, consumer, 'COUNT', PAGE, 'STREAMS', stream, from)
    const [reply] = ((await read) ?? []) as (readonly [key: string, entries: readonly Entry[]])[]
    const entries = reply?.[1] ?? []
    for (const [id, fields] of entries) {
      if (fields !== null) {
        await handle({ id, fields: paired(fields) })
        count += 1
      }
      await redis.xack(stream, group, id)
    }
    const last = entries.at(-1)
    if (from === '>' && last === undefined) return count
    if (from !== '>') from = last?.[0] ?? '>'
  }
}

export async function claimPending(
  redis: Redis,
  member: Member,
  minIdleMs: number,
  limit: number,
): Promise<readonly ClaimedEvent[]> {
  const { stream, group, consumer } = member
  const events: StreamEvent[] = []
  let cursor = '0-0'
  do {
    // One call looks at ten times COUNT entries at most, and may find none of them: only the cursor tells the end.
    const count = limit - events.length
    const reply = await redis.xautoclaim(stream, group, consumer, minIdleMs, cursor, 'COUNT', count)
    const [next, entries] = reply as [cursor: string, entries: readonly Entry[]]
    for (const entry of entries) {
      if (entry === null || entry[1] === null) continue // deleted; before Redis 7.0 it comes like this
      events.push({ id: entry[0], fields: paired(entry[1]) })
    }
    cursor = entries.length === 0 ? '0-0' : next
  } while (cursor !== '0-0' && events.length < limit)

  const counters = redis.pipeline()
  for (const { id } of events) counters.xpending(stream, group, id, id, 1)
  const replies = (await counters.exec()) ?? []
  return events.map((event, i) => {
    const [error, found] = replies[i] ?? [null, null]
    if (error !== null) throw error
    // Nothing found: somebody acknowledged it in this moment. It is as good as delivered once.
    const [, , , deliveries = 1] = (found as [string, string, number, number][] | null)?.[0] ?? []
    return { ...event, deliveries }
  })
}

const BURY = `
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'sourceId', ARGV[2], 'reason', ARGV[4], 'deliveries', ARGV[5], 'fields', ARGV[6])
redis.call('SADD', KEYS[3], ARGV[3])
return 1`

export async function recover(
  redis: Redis,
  member: Member,
  options: RecoverOptions,
): Promise<RecoveryReport> {
  const { stream, group } = member
  const [deadKey, parkedKey] = [`dead:${group}`, `parked:${group}`]
  const report = { handled: 0, failed: 0, held: 0, dead: 0 }
  const failedEntities = new Set<string>()

  for (const event of await claimPending(redis, member, options.minIdleMs, PAGE)) {
    const entityId = event.fields.entityId ?? ''
    const parked = (await redis.sismember(parkedKey, entityId)) === 1
    // Looked at before the work and not after it: an event that kills the process never comes to an "after".
    if (parked || event.deliveries > options.maxDeliveries) {
      const reason = parked ? 'parked' : 'too many deliveries'
      const letter = [event.id, entityId, reason, event.deliveries, JSON.stringify(event.fields)]
      await redis.eval(BURY, 3, stream, deadKey, parkedKey, group, ...letter)
      report.dead += 1
      continue
    }
    if (failedEntities.has(entityId)) {
      report.held += 1
      continue
    }
    try {
      await options.handle(event)
    } catch {
      failedEntities.add(entityId) // stays pending; the delivery counter remembers that it was tried
      report.failed += 1
      continue
    }
    await redis.xack(stream, group, event.id)
    report.handled += 1
  }
  return report
}

const RETIRE = `
for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
  if row[1] == ARGV[2] then return tonumber(row[2]) end
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 0`

export async function retireConsumer(redis: Redis, member: Member): Promise<void> {
  const pending = Number(await redis.eval(RETIRE, 1, member.stream, member.group, member.consumer))
  if (pending > 0) throw new ConsumerBusyError(member.consumer, pending)
}

function paired(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}
