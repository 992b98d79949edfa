import type { Redis } from 'ioredis'

/** One entry of an entity's stream. `id` is its position there. */
export interface StoredEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Raise `version` by hand whenever `apply` or the shape of the state changes. */
export interface Reducer<State extends object> {
  readonly version: number
  readonly apply: (state: State | null, event: StoredEvent) => State | null
}

/** A state, and the ID of the last event that was read for it (null if there was none). They belong together. */
export interface EntityState<State extends object> {
  readonly state: State | null
  readonly lastEventId: string | null
}

const PAGE = 500

const snapshotKey = (entityId: string) => `snapshot:${entityId}`
const streamKey = (entityId: string) => `stream:entity:${entityId}`

/**
 * Saves a snapshot, unless the stored one comes from a newer reducer or includes later events.
 * KEYS  1 the snapshot's hash · 2 the entity's stream
 * ARGV  1 state · 2 lastEventId · 3 createdAt · 4 reducerVersion
 * Returns 1 if it saved the snapshot, 0 if the stored one stays.
 */
const SAVE = `
local function numbers(id)
  local ms, seq = string.match(id or '', '^(%d+)-(%d+)$')
  return tonumber(ms or ''), tonumber(seq or '')
end
local function later(a, b)
  local aMs, aSeq = numbers(a)
  local bMs, bSeq = numbers(b)
  return aMs and (aMs > bMs or (aMs == bMs and aSeq > bSeq))
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local stored = redis.call('HMGET', KEYS[1], 'reducerVersion', 'lastEventId')
local version, last = tonumber(stored[1] or ''), stored[2]
if version and version > tonumber(ARGV[4]) then return 0 end
if version == tonumber(ARGV[4]) and later(last, ARGV[2])
  and #redis.pcall('XRANGE', KEYS[2], last, last) == 1 then return 0 end

redis.call('HSET', KEYS[1], 'state', ARGV[1], 'lastEventId', ARGV[2], 'createdAt', ARGV[3], 'reducerVersion', ARGV[4])
return 1`

/**
 * Stores the current state of an entity. Resolves to false if there's no state to store, or if the stored snapshot is
 * ahead of this one.
 */
export async function createSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
  clock: () => Date,
): Promise<boolean> {
  const { state, lastEventId } = await getEntityStateWithSnapshot(redis, entityId, reducer)
  if (state === null || lastEventId === null) return false
  const keys = [snapshotKey(entityId), streamKey(entityId)]
  const values = [JSON.stringify(state), lastEventId, clock().toISOString(), reducer.version]
  return (await redis.eval(SAVE, 2, ...keys, ...values)) === 1
}

/** Returns the current state, from the snapshot and the events after it, or from all events if there's no sound snapshot. */
export async function getEntityStateWithSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State>> {
  const snapshot = await readSnapshot(redis, entityId, reducer)
  return replay(redis, entityId, reducer, snapshot ?? { state: null, lastEventId: null })
}

/** Returns null for any snapshot that isn't sound. The stream is the truth, so a full replay is always possible. */
async function readSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State> | null> {
  const { state, lastEventId = '', reducerVersion } = await readHash(redis, snapshotKey(entityId))
  const parsed = parseObject(state)
  if (parsed === null || reducerVersion !== String(reducer.version)) return null
  if (!isStreamId(lastEventId)) return null
  const itsEvent = await redis.xrange(streamKey(entityId), lastEventId, lastEventId)
  return itsEvent.length === 1 ? { state: parsed as State, lastEventId } : null
}

/** XRANGE rejects anything else. Each number has up to 64 bits. */
function isStreamId(text: string): boolean {
  return /^\d{1,20}-\d{1,20}$/.test(text) && text.split('-').every((part) => BigInt(part) < 2n ** 64n)
}

/** Returns an empty object for a key of another type, which is a damaged snapshot and not a reason to fail. */
async function readHash(redis: Redis, key: string): Promise<Readonly<Record<string, string>>> {
  try {
    return await redis.hgetall(key)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return {}
    throw error
  }
}

/** Advances the state and the position in the same loop, so that neither can be ahead of the other. */
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

function parseObject(text: string | undefined): object | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
