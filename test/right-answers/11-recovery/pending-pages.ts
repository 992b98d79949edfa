// Pages of XPENDING with IDLE, and XCLAIM with the same idle time. Reads `0` again and again for its own pending events.
import type { Redis } from 'ioredis'

export type Member = { readonly stream: string; readonly group: string; readonly consumer: string }
export type StreamEvent = { readonly id: string; readonly fields: Readonly<Record<string, string>> }
export type ClaimedEvent = StreamEvent & { readonly deliveries: number }
export type RecoverOptions = {
  readonly minIdleMs: number
  readonly maxDeliveries: number
  readonly handle: (event: ClaimedEvent) => void | Promise<void>
}
export type RecoveryReport = Readonly<Record<'handled' | 'failed' | 'held' | 'dead', number>>

export class ConsumerBusyError extends Error {
  readonly consumer: string
  readonly pending: number
  constructor(consumer: string, pending: number) {
    super(`${consumer} is busy with ${pending}`)
    this.consumer = consumer
    this.pending = pending
  }
}

type Entry = [string, string[] | null]

function toObject(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])))
}

export async function resume(
  redis: Redis,
  { stream, group, consumer }: Member,
  handle: (event: StreamEvent) => void | Promise<void>,
): Promise<number> {
  let handed = 0
  const drain = async (from: '0' | '>') => {
    for (;;) {
      const reply = await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 64, 'STREAMS', stream, from)
      const entries = ((reply as [string, Entry[]][] | null) ?? []).flatMap(([, list]) => list)
      if (entries.length === 0) return
      const deleted = entries.filter(([, flat]) => flat === null).map(([id]) => id)
      if (deleted.length > 0) await redis.xack(stream, group, ...deleted)
      for (const [id, flat] of entries) {
        if (flat === null) continue
        await handle({ id, fields: toObject(flat) })
        await redis.xack(stream, group, id)
        handed++
      }
    }
  }
  await drain('0')
  await drain('>')
  return handed
}

export async function claimPending(
  redis: Redis,
  { stream, group, consumer }: Member,
  minIdleMs: number,
  limit: number,
): Promise<readonly ClaimedEvent[]> {
  const claimed: ClaimedEvent[] = []
  let start = '-'
  while (claimed.length < limit) {
    const rows = (await redis.xpending(
      stream,
      group,
      'IDLE',
      minIdleMs,
      start,
      '+',
      limit - claimed.length,
    )) as [string, string, number, number][]
    if (rows.length === 0) break
    const counts = new Map(rows.map(([id, , , count]) => [id, count + 1]))
    const entries = (await redis.xclaim(
      stream,
      group,
      consumer,
      minIdleMs,
      ...counts.keys(),
    )) as (Entry | null)[]
    for (const entry of entries) {
      if (entry?.[1]) {
        claimed.push({ id: entry[0], fields: toObject(entry[1]), deliveries: counts.get(entry[0]) ?? 1 })
      }
    }
    start = `(${rows.at(-1)?.[0]}`
  }
  return claimed
}

const MOVE = `
local still = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #still > 0 then
  redis.call('SADD', KEYS[3], ARGV[6])
  redis.call('XADD', KEYS[2], '*', 'reason', ARGV[3], 'sourceId', ARGV[2], 'fields', ARGV[5], 'deliveries', ARGV[4])
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
end`

export async function recover(
  redis: Redis,
  member: Member,
  { minIdleMs, maxDeliveries, handle }: RecoverOptions,
): Promise<RecoveryReport> {
  const { stream, group } = member
  const keys = [stream, `dead:${group}`, `parked:${group}`]
  const parked = new Set(await redis.smembers(`parked:${group}`))
  const stuck = new Set<string>()
  const outcomes: ('handled' | 'failed' | 'held' | 'dead')[] = []
  const bury = async (event: ClaimedEvent, reason: string, entity: string) => {
    const text = JSON.stringify(event.fields)
    await redis.eval(MOVE, 3, ...keys, group, event.id, reason, `${event.deliveries}`, text, entity)
    parked.add(entity)
    outcomes.push('dead')
  }
  for (const event of await claimPending(redis, member, minIdleMs, 100)) {
    const entity = String(event.fields.entityId)
    if (parked.has(entity)) await bury(event, 'parked', entity)
    else if (event.deliveries > maxDeliveries) await bury(event, 'too many deliveries', entity)
    else if (stuck.has(entity)) outcomes.push('held')
    else {
      const ok = await Promise.resolve()
        .then(() => handle(event))
        .then(
          () => true,
          () => false,
        )
      if (ok) await redis.xack(stream, group, event.id)
      else stuck.add(entity)
      outcomes.push(ok ? 'handled' : 'failed')
    }
  }
  const count = (which: string) => outcomes.filter((outcome) => outcome === which).length
  return { handled: count('handled'), failed: count('failed'), held: count('held'), dead: count('dead') }
}

export async function retireConsumer(redis: Redis, { stream, group, consumer }: Member): Promise<void> {
  const pending = (await redis.eval(
    `local count = #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000000, ARGV[2])
     if count == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
     return count`,
    ...[1, stream, group, consumer],
  )) as number
  if (pending !== 0) throw new ConsumerBusyError(consumer, pending)
}
