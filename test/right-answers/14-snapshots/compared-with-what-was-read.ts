// The decision is made in TypeScript. A small script writes only if the snapshot hasn't changed since.
import type { Redis } from 'ioredis'

export interface StoredEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
}
export interface Reducer<State extends object> {
  readonly version: number
  readonly apply: (state: State | null, event: StoredEvent) => State | null
}
export interface EntityState<State extends object> {
  readonly state: State | null
  readonly lastEventId: string | null
}
type Hash = Record<string, string>

// KEYS: the snapshot. ARGV: its old values (version, position, state, time; '' for a missing one), then its new values.
const SWAP = `
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local names = {'reducerVersion', 'lastEventId', 'state', 'createdAt'}
for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
  if (value or '') ~= ARGV[i] then return 'changed' end
end
for i, name in ipairs(names) do redis.call('HSET', KEYS[1], name, ARGV[i + 4]) end
return 'saved'`

async function hashOf(redis: Redis, entityId: string): Promise<Hash> {
  const key = `snapshot:${entityId}`
  return (await redis.type(key)) === 'hash' ? redis.hgetall(key) : {}
}

const listed = (hash: Hash) =>
  ['reducerVersion', 'lastEventId', 'state', 'createdAt'].map((name) => hash[name] ?? '')

async function* eventsFrom(redis: Redis, key: string, start: string): AsyncGenerator<StoredEvent> {
  let from = start
  for (let size = 500; size === 500; ) {
    const entries = await redis.xrange(key, from, '+', 'COUNT', 500)
    size = entries.length
    for (const [id, flat] of entries) {
      const map = new Map(
        flat.flatMap((text, i) => (i % 2 === 0 ? [[text, flat[i + 1] ?? '']] : [])) as [string, string][],
      )
      yield {
        id,
        eventId: map.get('eventId') ?? '',
        eventType: map.get('eventType') ?? '',
        timestamp: map.get('timestamp') ?? '',
        payload: JSON.parse(map.get('payload') ?? '{}'),
      }
      from = `(${id}`
    }
  }
}

async function exists(redis: Redis, entityId: string, id: string | undefined): Promise<boolean> {
  if (id === undefined || !/^\d+-\d+$/.test(id)) return false
  if (id.split('-').some((part) => BigInt.asUintN(64, BigInt(part)) !== BigInt(part))) return false
  const [entry] = await redis.xrange(`stream:entity:${entityId}`, id, '+', 'COUNT', 1)
  return entry?.[0] === id
}

function stateOf<State extends object>(hash: Hash): State | undefined {
  try {
    const value = JSON.parse(hash.state ?? 'null')
    return Object(value) === value ? value : undefined
  } catch {
    return undefined
  }
}

export const getEntityStateWithSnapshot = async <State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State>> => {
  const hash = await hashOf(redis, entityId)
  const kept = stateOf<State>(hash)
  let state: State | null = null
  let lastEventId: string | null = null
  if (
    kept &&
    hash.reducerVersion === `${reducer.version}` &&
    (await exists(redis, entityId, hash.lastEventId))
  ) {
    state = kept
    lastEventId = hash.lastEventId ?? null
  }
  const start = lastEventId === null ? '-' : `(${lastEventId}`
  for await (const event of eventsFrom(redis, `stream:entity:${entityId}`, start)) {
    state = reducer.apply(state, event)
    lastEventId = event.id
  }
  return { state, lastEventId }
}

export const createSnapshot = async <State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
  clock: () => Date,
): Promise<boolean> => {
  const { state, lastEventId } = await getEntityStateWithSnapshot(redis, entityId, reducer)
  if (!state || !lastEventId) return false
  const [ms = 0, seq = 0] = lastEventId.split('-').map(Number)
  const next = [`${reducer.version}`, lastEventId, JSON.stringify(state), clock().toISOString()]
  while (true) {
    const now = await hashOf(redis, entityId)
    const version = Number(now.reducerVersion)
    if (version > reducer.version) return false
    const [itsMs = 0, itsSeq = 0] = (now.lastEventId ?? '').split('-').map(Number)
    const ahead = itsMs > ms || (itsMs === ms && itsSeq > seq)
    if (version === reducer.version && ahead && (await exists(redis, entityId, now.lastEventId))) return false
    if ((await redis.eval(SWAP, 1, `snapshot:${entityId}`, ...listed(now), ...next)) === 'saved') return true
  }
}
