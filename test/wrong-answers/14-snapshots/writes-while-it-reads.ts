// task: getEntityStateWithSnapshot
// diagnosis: who asks a question should not wait for a write
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

const PAGE = 500
const WRITE = `
local stored = redis.call('HMGET', KEYS[1], 'reducerVersion', 'lastEventId')
local version = tonumber(stored[1] or '')
if version and version > tonumber(ARGV[4]) then return 0 end
if version and version == tonumber(ARGV[4]) then
  local ms, seq = string.match(stored[2] or '', '^(%d+)-(%d+)$')
  local myMs, mySeq = string.match(ARGV[2], '^(%d+)-(%d+)$')
  ms, seq, myMs, mySeq = tonumber(ms or ''), tonumber(seq or ''), tonumber(myMs), tonumber(mySeq)
  if ms and (ms > myMs or (ms == myMs and seq > mySeq)) then
    local found = redis.pcall('XRANGE', KEYS[2], stored[2], stored[2])
    if not found.err and #found == 1 then return 0 end
  end
end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'lastEventId', ARGV[2], 'createdAt', ARGV[3], 'reducerVersion', ARGV[4])
return 1
`

export async function createSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
  clock: () => Date,
): Promise<boolean> {
  const { state, lastEventId } = await replay(redis, entityId, reducer, { state: null, lastEventId: null })
  if (state === null || lastEventId === null) return false
  const keys = [`snapshot:${entityId}`, `stream:entity:${entityId}`]
  const values = [JSON.stringify(state), lastEventId, clock().toISOString(), reducer.version]
  return (await redis.eval(WRITE, 2, ...keys, ...values)) === 1
}

export async function getEntityStateWithSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State>> {
  const from = await soundSnapshot(redis, entityId, reducer)
  const now = await replay(redis, entityId, reducer, from ?? { state: null, lastEventId: null })
  if (!from) await createSnapshot(redis, entityId, reducer, () => new Date())
  return now
}

async function soundSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State> | null> {
  const { state, lastEventId = '', reducerVersion } = await redis.hgetall(`snapshot:${entityId}`)
  if (reducerVersion !== String(reducer.version)) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(state ?? '')
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null) return null
  if (!/^\d{1,20}-\d{1,20}$/.test(lastEventId)) return null
  const there = await redis.xrange(`stream:entity:${entityId}`, lastEventId, lastEventId).catch(() => [])
  if (there.length !== 1) return null
  return { state: parsed as State, lastEventId }
}

async function replay<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
  from: EntityState<State>,
): Promise<EntityState<State>> {
  let { state, lastEventId } = from
  for (;;) {
    const start = lastEventId === null ? '-' : `(${lastEventId}`
    const page = await redis.xrange(`stream:entity:${entityId}`, start, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      state = reducer.apply(state, toEvent(id, fields))
      lastEventId = id
    }
    if (page.length < PAGE) return { state, lastEventId }
  }
}

function toEvent(id: string, flat: readonly string[]): StoredEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { eventId = '', eventType = '', timestamp = '', payload = '{}' } = fields
  return { id, eventId, eventType, timestamp, payload: JSON.parse(payload) }
}
