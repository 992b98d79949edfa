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

type Raw = [id: string, flat: (string | null)[] | null]

function toFields(flat: readonly (string | null)[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}

export async function resume(
  redis: Redis,
  { stream, group, consumer }: Member,
  handle: (event: StreamEvent) => void | Promise<void>,
): Promise<number> {
  let handled = 0
  let from = '0'
  for (;;) {
    const reply = (await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 100, 'STREAMS', stream, from)) as
      | [string, Raw[]][]
      | null
    const entries = reply?.[0]?.[1] ?? []
    for (const [id, flat] of entries) {
      if (flat !== null) {
        await handle({ id, fields: toFields(flat) })
        handled += 1
      }
      await redis.xack(stream, group, id)
    }
    if (from === '>') {
      if (entries.length === 0) return handled
    } else from = entries.at(-1)?.[0] ?? '>'
  }
}

export async function claimPending(
  redis: Redis,
  { stream, group, consumer }: Member,
  minIdleMs: number,
  limit: number,
): Promise<readonly ClaimedEvent[]> {
  const found: StreamEvent[] = []
  let cursor = '0-0'
  do {
    const [next, entries] = (await redis.xautoclaim(
      stream,
      group,
      consumer,
      minIdleMs,
      cursor,
      'COUNT',
      limit - found.length,
    )) as [string, (Raw | null)[]]
    for (const entry of entries) {
      if (entry === null || entry[1] === null) continue
      found.push({ id: entry[0], fields: toFields(entry[1]) })
    }
    cursor = next
  } while (cursor !== '0-0' && found.length < limit)
  const pipeline = redis.pipeline()
  for (const { id } of found) pipeline.xpending(stream, group, id, id, 1)
  const replies = (await pipeline.exec()) ?? []
  return found.map((event, i) => {
    const [error, rows] = replies[i] ?? [null, []]
    if (error !== null) throw error
    return { ...event, deliveries: Number((rows as [string, string, number, number][])[0]?.[3] ?? 1) }
  })
}

const BURY = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'sourceId', ARGV[2], 'reason', ARGV[3], 'deliveries', ARGV[4], 'fields', ARGV[5])
redis.call('SADD', KEYS[3], ARGV[6])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1
`

export async function recover(
  redis: Redis,
  member: Member,
  options: RecoverOptions,
): Promise<RecoveryReport> {
  const { stream, group } = member
  const report = { handled: 0, failed: 0, held: 0, dead: 0 }
  const failedEntities = new Set<string>()
  const parkedKey = `parked:${group}`
  for (const event of await claimPending(redis, member, options.minIdleMs, 100)) {
    const entity = event.fields.entityId ?? ''
    const bury = async (reason: string) => {
      await redis.eval(
        BURY,
        3,
        stream,
        `dead:${group}`,
        parkedKey,
        group,
        event.id,
        reason,
        event.deliveries,
        JSON.stringify(event.fields),
        entity,
      )
      report.dead += 1
    }
    if ((await redis.sismember(parkedKey, entity)) === 1) {
      await bury('parked')
    } else if (event.deliveries > options.maxDeliveries) {
      await bury('too many deliveries')
    } else if (failedEntities.has(entity)) {
      report.held += 1
    } else {
      try {
        await options.handle(event)
      } catch {
        failedEntities.add(entity)
        report.failed += 1
        continue
      }
      await redis.xack(stream, group, event.id)
      report.handled += 1
    }
  }
  return report
}

const RETIRE = `
local summary = redis.call('XPENDING', KEYS[1], ARGV[1])
for _, row in ipairs(summary[4] or {}) do
  if row[1] == ARGV[2] and tonumber(row[2]) > 0 then return tonumber(row[2]) end
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 0
`

export async function retireConsumer(redis: Redis, { stream, group, consumer }: Member): Promise<void> {
  const pending = Number(await redis.eval(RETIRE, 1, stream, group, consumer))
  if (pending > 0) throw new ConsumerBusyError(consumer, pending)
}
