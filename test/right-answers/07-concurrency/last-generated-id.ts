import { type Redis, ReplyError } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export type StoredEvent = { readonly version: number; readonly event: DomainEvent }
export type Decide = (
  history: readonly StoredEvent[],
) => readonly DomainEvent[] | Promise<readonly DomainEvent[]>

export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly expectedVersion: number
  readonly actualVersion: number
  constructor(expectedVersion: number, actualVersion: number) {
    super(`${expectedVersion} expected, ${actualVersion} found`)
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown
  constructor(version: unknown) {
    super(`${String(version)} is not a version`)
    this.version = version
  }
}

// KEYS[1] stream; ARGV expected version, JSON array of encoded events. Returns the new version, or an error CONFLICT <actual>.
const SCRIPT = `
local version = '0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then version = info[i + 1]:match('^(%d+)') end
  end
end
if version ~= ARGV[1] then return redis.error_reply('CONFLICT ' .. version) end
local texts = cjson.decode(ARGV[2])
for i, text in ipairs(texts) do
  redis.call('XADD', KEYS[1], (tonumber(version) + i) .. '-0', 'event', text)
end
return tonumber(version) + #texts
`

/** Functions over a connection; the class only exposes them. */
export class AggregateEventStore {
  readonly appendEvent
  readonly appendEvents
  readonly getEvents
  readonly getVersion

  constructor(redis: Redis) {
    const keyOf = (type: string, id: string) => ['aggregate', type, id].join(':')

    this.appendEvents = async (
      type: string,
      id: string,
      events: readonly DomainEvent[],
      expected: number,
    ): Promise<number> => {
      if (!/^\d+$/.test(String(expected)) || typeof expected !== 'number')
        throw new InvalidVersionError(expected)
      const texts = JSON.stringify(events.map(encodeEvent))
      try {
        return Number(await redis.eval(SCRIPT, 1, keyOf(type, id), String(expected), texts))
      } catch (error) {
        const actual = error instanceof ReplyError ? /CONFLICT (\d+)/.exec((error as Error).message) : null
        throw actual === null ? error : new ConcurrencyError(expected, Number(actual[1]))
      }
    }
    this.appendEvent = (type: string, id: string, event: DomainEvent, expected: number): Promise<number> =>
      this.appendEvents(type, id, [event], expected)

    const page = async (key: string, after: number): Promise<StoredEvent[]> => {
      const reply = await redis.xread('COUNT', 250, 'STREAMS', key, `${after}-0`)
      const entries = reply?.[0]?.[1] ?? []
      return entries.map(([entryId, [, text]]) => ({
        version: Number(entryId.split('-')[0]),
        event: decodeEvent(text ?? ''),
      }))
    }
    this.getEvents = async (type: string, id: string, afterVersion = 0): Promise<StoredEvent[]> => {
      const all: StoredEvent[] = []
      let more = await page(keyOf(type, id), afterVersion)
      while (more.length > 0) {
        all.push(...more)
        more = await page(keyOf(type, id), more.at(-1)?.version ?? 0)
      }
      return all
    }
    this.getVersion = async (type: string, id: string): Promise<number> => {
      const last = await redis.xrevrange(keyOf(type, id), '+', '-', 'COUNT', 1)
      return last.length === 0 ? 0 : Number(last[0]?.[0].split('-')[0])
    }
  }
}

export async function decideAndAppend(
  store: AggregateEventStore,
  type: string,
  id: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  let conflict: unknown
  for (const _ of Array(Math.max(1, attempts))) {
    const history = await store.getEvents(type, id)
    const version = history.at(-1)?.version ?? 0
    const events = await decide(history)
    try {
      return events.length === 0 ? version : await store.appendEvents(type, id, events, version)
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error
      conflict = error
    }
  }
  throw conflict
}
