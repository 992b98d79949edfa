import type { Redis } from 'ioredis'
import { SandboxLostError } from './errors.ts'
import type { RedisKind } from './types.ts'

/**
 * The key by which a borrowed database (`url`) is known as our sandbox the next time, and which says who works on it now.
 * Only there it exists, so only there `KEYS *` and `DBSIZE` show one key more than the lesson wrote; the other sources are
 * empty when a test begins.
 */
export const SANDBOX_MARKER = 'eventlings:sandbox'

/** A program that has stopped without a word holds the database for so long, in milliseconds. */
export const LEASE_MS = 15_000

export interface Sandbox {
  readonly kind: RedisKind
  /** Of a borrowed database: by what the marker shows that it is ours at the moment. */
  readonly lease?: string | undefined
}

/**
 * Everything that touches the marker is one script, because another program may be about to do the same. The marker is
 * `eventlings`, or `eventlings TOKEN UNTIL` while a program works here, with the time in milliseconds by the clock of Redis.
 * A marker that is missing was deleted along with the data (by an answer, by FLUSHDB in the console) and is put back.
 */
const LEASE_SCRIPT = `
local act, own, ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = redis.pcall('GET', KEYS[1])
if type(held) ~= 'string' then held = false end
local token, till = string.match(held or '', '^eventlings (%S+) (%d+)$')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if act == 'take' then
  if token and token ~= own and tonumber(till) > now then return {'held', held} end
  local keys = redis.call('DBSIZE')
  if not held and keys > 0 then return {'filled', tostring(keys)} end
elseif held and token ~= own then
  return {'lost', held}
end
if act == 'take' or act == 'clean' then redis.call('FLUSHDB') end
if act == 'release' then
  redis.call('SET', KEYS[1], 'eventlings')
else
  redis.call('SET', KEYS[1], string.format('eventlings %s %.0f', own, now + ms))
end
return {'ours', ''}`

export type LeaseReply =
  | { readonly kind: 'ours' }
  /** By a program that works on it now, or did until a moment ago; `by` changes when it says that it still does. */
  | { readonly kind: 'held'; readonly by: string }
  /** With data that isn't ours. */
  | { readonly kind: 'filled'; readonly keys: number }
  /** It was ours, and somebody else has had it since. */
  | { readonly kind: 'lost' }

/** `take` begins a lease, `keep` makes it longer, `release` gives it back. `take` and `clean` empty the database. */
export async function askLease(
  client: Redis,
  act: 'take' | 'keep' | 'clean' | 'release',
  token: string,
): Promise<LeaseReply> {
  const [kind, detail] = (await client.eval(LEASE_SCRIPT, 1, SANDBOX_MARKER, act, token, LEASE_MS)) as [
    LeaseReply['kind'],
    string,
  ]
  switch (kind) {
    case 'held':
      return { kind, by: detail }
    case 'filled':
      return { kind, keys: Number(detail) }
    default:
      return { kind }
  }
}

/**
 * Empties the sandbox before a test. Where the whole server is ours, its scripts and functions go as well. Of a borrowed one
 * the database alone, whose marker is put back in the same step; its scripts and functions may be somebody else's. Rejects with
 * SandboxLostError, and has emptied nothing, when somebody else has taken a borrowed database. Never FLUSHALL.
 */
export async function cleanSandbox(client: Redis, { kind, lease }: Sandbox): Promise<void> {
  if (kind === 'url') {
    const reply = lease === undefined ? undefined : await askLease(client, 'clean', lease)
    if (reply?.kind !== 'ours') throw new SandboxLostError()
    return
  }
  const replies = await client.pipeline().flushdb().script('FLUSH').call('FUNCTION', 'FLUSH').exec()
  const problem = replies?.map(([error]) => error).find((error) => error !== null)
  if (problem) throw problem
}
