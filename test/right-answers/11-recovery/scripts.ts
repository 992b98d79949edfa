// Everything that takes more than one command is a script, including the claim.
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
  readonly consumer: string
  readonly pending: number
  constructor(consumer: string, pending: number) {
    super('busy')
    this.consumer = consumer
    this.pending = pending
  }
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  flat.forEach((value, i) => {
    if (i % 2 === 1) fields[flat[i - 1] ?? ''] = value
  })
  return fields
}

export async function resume(
  redis: Redis,
  member: Member,
  handle: (event: StreamEvent) => void | Promise<void>,
): Promise<number> {
  const { stream, group, consumer } = member
  // Its own pending events by ID; each entry is then looked up in the stream.
  let handed = 0
  let start = '-'
  for (;;) {
    const rows = (await redis.xpending(stream, group, start, '+', 100, consumer)) as [string][]
    for (const [id] of rows) {
      const [entry] = await redis.xrange(stream, id, id)
      if (entry) {
        await handle({ id, fields: fieldsOf(entry[1]) })
        handed += 1
      }
      await redis.xack(stream, group, id)
    }
    const last = rows.at(-1)
    if (last === undefined) break
    start = `(${last[0]}`
  }
  for (;;) {
    const reply = await redis.call(
      'XREADGROUP',
      'GROUP',
      group,
      consumer,
      'COUNT',
      '100',
      'STREAMS',
      stream,
      '>',
    )
    if (reply === null) return handed
    for (const [, entries] of reply as [string, [string, string[]][]][]) {
      for (const [id, flat] of entries) {
        await handle({ id, fields: fieldsOf(flat) })
        await redis.xack(stream, group, id)
        handed += 1
      }
    }
  }
}

const CLAIM = `
local out, cursor = {}, '0-0'
repeat
  local reply = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], cursor, 'COUNT', ARGV[4] - #out)
  cursor = reply[1]
  for _, entry in ipairs(reply[2]) do
    local row = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)[1]
    out[#out + 1] = { entry[1], entry[2], row[4] }
  end
until cursor == '0-0' or #out >= tonumber(ARGV[4])
return out`

export async function claimPending(
  redis: Redis,
  member: Member,
  minIdleMs: number,
  limit: number,
): Promise<readonly ClaimedEvent[]> {
  const { stream, group, consumer } = member
  const rows = (await redis.eval(CLAIM, 1, stream, group, consumer, minIdleMs, limit)) as [
    string,
    string[],
    number,
  ][]
  return rows.map(([id, flat, deliveries]) => ({ id, fields: fieldsOf(flat), deliveries }))
}

const BURY_IF_NEEDED = `
local parked = redis.call('SISMEMBER', KEYS[3], ARGV[3]) == 1
if not parked and tonumber(ARGV[4]) <= tonumber(ARGV[5]) then return 0 end
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) > 0 then
  local reason = parked and 'parked' or 'too many deliveries'
  redis.call('XADD', KEYS[2], '*', 'sourceId', ARGV[2], 'reason', reason, 'deliveries', ARGV[4], 'fields', ARGV[6])
  redis.call('SADD', KEYS[3], ARGV[3])
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
end
return 1`

export async function recover(
  redis: Redis,
  member: Member,
  options: RecoverOptions,
): Promise<RecoveryReport> {
  const { stream, group } = member
  let [handled, failed, held, dead] = [0, 0, 0, 0]
  const waiting: string[] = []
  for (const event of await claimPending(redis, member, options.minIdleMs, 100)) {
    const { entityId = '' } = event.fields
    const buried = await redis.eval(
      BURY_IF_NEEDED,
      ...[3, stream, `dead:${group}`, `parked:${group}`],
      ...[group, event.id, entityId, event.deliveries, options.maxDeliveries, JSON.stringify(event.fields)],
    )
    if (buried === 1) dead += 1
    else if (waiting.includes(entityId)) held += 1
    else {
      try {
        await options.handle(event)
        handled += 1
      } catch {
        failed += 1
        waiting.push(entityId)
        continue
      }
      await redis.xack(stream, group, event.id)
    }
  }
  return { handled, failed, held, dead }
}

const RETIRE = `
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local row = {}
  for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
  if row['name'] == ARGV[2] and row['pending'] > 0 then return row['pending'] end
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 0`

export async function retireConsumer(redis: Redis, member: Member): Promise<void> {
  const pending = await redis.eval(RETIRE, 1, member.stream, member.group, member.consumer)
  if (Number(pending) > 0) throw new ConsumerBusyError(member.consumer, Number(pending))
}
