import type { Redis } from 'ioredis'

/** One consumer of one group on one stream. */
export interface Member {
  readonly stream: string
  readonly group: string
  readonly consumer: string
}

export interface StreamEvent {
  readonly id: string
  /** One of them is `entityId`, the entity that the event belongs to. */
  readonly fields: Readonly<Record<string, string>>
}

export interface ClaimedEvent extends StreamEvent {
  /** How often it has been delivered, including this time. */
  readonly deliveries: number
}

export interface RecoverOptions {
  /** Minimum idle time in milliseconds. Longer than the slowest work on one event: before that, its consumer may be alive. */
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

/** The consumer still has pending events, which would be lost with it. */
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

/** An entry as Redis returns it. It has no fields if it was deleted while it was pending. */
type Entry = readonly [id: string, fields: readonly string[] | null]

const PAGE = 100

/**
 * Handles this consumer's pending events after a restart, then new ones until none are left. Acknowledges each event when
 * `handle` has finished with it. Returns how many events were handled. Stops and rejects if `handle` fails.
 */
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

/**
 * Claims up to `limit` events of any consumer that have been idle for at least `minIdleMs`, oldest first. Events that were
 * deleted from the stream are removed from the pending list.
 */
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
    // One call looks at ten times COUNT entries at most and may claim none of them. Only the cursor shows the end.
    const count = limit - events.length
    const reply = await redis.xautoclaim(stream, group, consumer, minIdleMs, cursor, 'COUNT', count)
    const [next, entries] = reply as [cursor: string, entries: readonly Entry[]]
    for (const entry of entries) {
      if (entry === null || entry[1] === null) continue // a deleted event, as Redis before 7.0 returns it
      events.push({ id: entry[0], fields: paired(entry[1]) })
    }
    cursor = next
  } while (cursor !== '0-0' && events.length < limit)

  const counters = redis.pipeline()
  for (const { id } of events) counters.xpending(stream, group, id, id, 1)
  const replies = (await counters.exec()) ?? []
  return events.map((event, i) => {
    const [error, found] = replies[i] ?? [null, null]
    if (error !== null) throw error
    // Nothing found: another client has just acknowledged it. Count it as delivered once.
    const [, , , deliveries = 1] = (found as [string, string, number, number][] | null)?.[0] ?? []
    return { ...event, deliveries }
  })
}

/**
 * Moves an event from the pending list to the dead-letter stream and parks its entity. Only once, even if sent again.
 * Acknowledges last, because nothing is rolled back if the letter can't be written.
 * KEYS: stream, dead-letter stream, parked entities.
 * ARGV: group, id, entityId, reason, deliveries, fields as JSON.
 * Returns 1, or 0 if the event wasn't pending anymore.
 */
const BURY = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'sourceId', ARGV[2], 'reason', ARGV[4], 'deliveries', ARGV[5], 'fields', ARGV[6])
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1`

/** Claims up to 100 idle events. Handles each one, leaves it for later, or moves it to the dead-letter stream. */
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
    // Checked before the work: if an event crashes the process, nothing after the work ever runs.
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
      failedEntities.add(entityId) // stays pending; the delivery count shows that it was tried
      report.failed += 1
      continue
    }
    await redis.xack(stream, group, event.id)
    report.handled += 1
  }
  return report
}

/**
 * Removes a consumer that has no pending events, in one step, so that no event is delivered to it in between.
 * KEYS: stream. ARGV: group, consumer. Returns the number of its pending events; 0 means that it was removed.
 */
const RETIRE = `
for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
  if row[1] == ARGV[2] then return tonumber(row[2]) end
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 0`

/** Removes the consumer from its group. @throws ConsumerBusyError if it has pending events; nothing has changed then */
export async function retireConsumer(redis: Redis, member: Member): Promise<void> {
  const pending = Number(await redis.eval(RETIRE, 1, member.stream, member.group, member.consumer))
  if (pending > 0) throw new ConsumerBusyError(member.consumer, pending)
}

function paired(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}
