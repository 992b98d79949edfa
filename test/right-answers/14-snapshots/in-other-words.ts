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
const streamKey = (entityId: string) => `stream:entity:${entityId}`
const snapshotKey = (entityId: string) => `snapshot:${entityId}`

const SAVE = `
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local stored = redis.call('HMGET', KEYS[1], 'reducerVersion', 'lastEventId')
local version = tonumber(stored[1] or '')
if version and version > tonumber(ARGV[4]) then return 0 end
if version and version == tonumber(ARGV[4]) then
  local sm, ss = string.match(stored[2] or '', '^(%d+)-(%d+)$')
  local mm, ms = string.match(ARGV[2], '^(%d+)-(%d+)$')
  if sm then
    sm, ss, mm, ms = tonumber(sm), tonumber(ss), tonumber(mm), tonumber(ms)
    local later = sm > mm or (sm == mm and ss > ms)
    if later and #redis.pcall('XRANGE', KEYS[2], stored[2], stored[2]) == 1 then return 0 end
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
  const reply = await redis.eval(
    SAVE,
    2,
    snapshotKey(entityId),
    streamKey(entityId),
    JSON.stringify(state),
    lastEventId,
    clock().toISOString(),
    reducer.version,
  )
  return reply === 1
}

export async function getEntityStateWithSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State>> {
  const sound = await soundSnapshot(redis, entityId, reducer)
  return replay(redis, entityId, reducer, sound ?? { state: null, lastEventId: null })
}

async function soundSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State> | null> {
  const row = await redis.hgetall(snapshotKey(entityId)).catch((): Record<string, string> => ({}))
  const { state: json, lastEventId, reducerVersion } = row
  if (json === undefined || lastEventId === undefined || reducerVersion !== String(reducer.version))
    return null
  if (!/^\d+-\d+$/.test(lastEventId)) return null
  let state: unknown
  try {
    state = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return null
  try {
    const there = await redis.xrange(streamKey(entityId), lastEventId, lastEventId)
    if (there.length !== 1) return null
  } catch {
    return null
  }
  return { state: state as State, lastEventId }
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
    const page = await redis.xrange(streamKey(entityId), start, '+', 'COUNT', PAGE)
    for (const [id, flat] of page) {
      state = reducer.apply(state, toEvent(id, flat))
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
