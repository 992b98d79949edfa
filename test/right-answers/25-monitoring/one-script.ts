import type { Redis } from 'ioredis'

export type StreamEntry = { readonly id: string; readonly fields: Readonly<Record<string, string>> }
export type GroupCounters = {
  readonly name: string
  readonly pending: number
  readonly lag: number | null
  readonly lastDeliveredId: string
}
export type ConsumerInfo = {
  readonly name: string
  readonly pending: number
  readonly idle: number
  readonly oldestIdle: number | null
}
export type GroupInfo = GroupCounters & {
  readonly oldestIdle: number | null
  readonly consumers: readonly ConsumerInfo[]
}
export type StreamInfo = {
  readonly length: number
  readonly firstEntry: StreamEntry | null
  readonly lastEntry: StreamEntry | null
  readonly groups: readonly GroupInfo[]
}
export type Limits = { readonly lag: number; readonly entryIdle: number; readonly consumerIdle: number }
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

// KEYS: the stream. Replies nothing, or { length, first, last, groups as Redis lists them, per group { consumers, oldest by consumer } }.
const LOOK = `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
local details = {}
for _, group in ipairs(groups) do
  local name, seen
  for i = 1, #group, 2 do
    if group[i] == 'name' then name = group[i + 1] end
    if group[i] == 'last-delivered-id' then seen = group[i + 1] end
  end
  local oldest, from = {}, '-'
  while true do
    local page = redis.call('XPENDING', KEYS[1], name, from, '+', 1000)
    for _, entry in ipairs(page) do
      oldest[entry[2]] = math.max(oldest[entry[2]] or 0, entry[3])
      from = '(' .. entry[1]
    end
    if #page < 1000 then break end
  end
  local flat = {}
  for consumer, idle in pairs(oldest) do
    flat[#flat + 1] = consumer
    flat[#flat + 1] = idle
  end
  local waiting = redis.call('XRANGE', KEYS[1], '(' .. seen, '+', 'COUNT', 1)
  details[#details + 1] = { redis.call('XINFO', 'CONSUMERS', KEYS[1], name), flat, #waiting }
end
return { redis.call('XLEN', KEYS[1]), first, last, groups, details }`

const object = (flat: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])))

export const parseGroup = (reply: readonly unknown[]): GroupCounters => {
  const { name, pending, lag, 'last-delivered-id': last } = object(reply)
  return {
    name: name as string,
    pending: pending as number,
    lag: typeof lag === 'number' ? lag : null,
    lastDeliveredId: last as string,
  }
}

type Raw = [string, string[]][]
type Reply = [number, Raw, Raw, unknown[][], [unknown[][], unknown[], number][]]

export const getStreamInfo = async (redis: Redis, stream: string): Promise<StreamInfo | null> => {
  const reply = (await redis.eval(LOOK, 1, stream)) as Reply | null
  if (!reply) return null
  const [length, first, last, groups, details] = reply
  const entry = ([raw]: Raw): StreamEntry | null =>
    raw ? { id: raw[0], fields: object(raw[1]) as Record<string, string> } : null
  const sorted = <T extends { name: string }>(list: T[]) => list.sort((a, b) => a.name.localeCompare(b.name))
  return {
    length,
    firstEntry: entry(first),
    lastEntry: entry(last),
    groups: sorted(
      groups.map((group, i) => {
        const [rawConsumers = [], flat = [], waiting = 0] = details[i] ?? []
        const parsed = parseGroup(group)
        const oldest = new Map(Object.entries(object(flat) as Record<string, number>))
        const ages = [...oldest.values()].sort((a, b) => b - a)
        const consumers = rawConsumers.map((raw) => {
          const { name, pending, idle } = object(raw) as { name: string; pending: number; idle: number }
          return { name, pending, idle, oldestIdle: oldest.get(name) ?? null }
        })
        return {
          ...parsed,
          lag: waiting === 0 ? 0 : parsed.lag,
          oldestIdle: ages[0] ?? null,
          consumers: sorted(consumers),
        }
      }),
    ),
  }
}

export const findAlarms = ({ groups }: StreamInfo, limits: Limits): readonly Alarm[] => {
  const found: Alarm[] = []
  for (const { name: group, lag, consumers } of groups) {
    let anybody = false
    for (const { name: consumer, pending, idle, oldestIdle } of consumers) {
      const alive = idle < limits.consumerIdle
      anybody ||= alive
      if (!alive && pending > 0) found.push({ kind: 'dead-consumer', group, consumer, pending })
      if (alive && oldestIdle !== null && oldestIdle >= limits.entryIdle) {
        found.push({ kind: 'slow-consumer', group, consumer, oldestIdle })
      }
    }
    if (!anybody && lag !== 0) found.push({ kind: 'no-consumer', group, lag })
    else if (lag === null) found.push({ kind: 'lag-unknown', group })
    else if (anybody && lag > limits.lag) found.push({ kind: 'behind', group, lag })
  }
  return found
}
