import type { Redis } from 'ioredis'
import { SandboxLostError } from './errors.ts'
import type { RedisKind } from './types.ts'

/**
 * The key that marks a borrowed database (`url`) as our sandbox for the next time, and says who's using it now. It
 * exists only there, so only there do `KEYS *` and `DBSIZE` show one key more than the lesson wrote; the other
 * sources are empty when a test begins.
 */
export const SANDBOX_MARKER = 'eventlings:sandbox'

/** How long a program that stopped without a word keeps the database, in milliseconds. */
export const LEASE_MS = 15_000

export interface Sandbox {
  readonly kind: RedisKind
  /** For a borrowed database: how the marker shows that it's ours at the moment. */
  readonly lease?: string | undefined
}

/**
 * Everything that touches the marker is one script, because another program may be about to do the same. The marker
 * is `eventlings`, or `eventlings TOKEN UNTIL` while a program works here, with the time in milliseconds by the clock
 * of Redis. A missing marker was deleted along with the data (by an answer, by FLUSHDB in the console) and is
 * restored. A full Redis refuses the marker, so there a lease ends with an empty database, which needs none.
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
  local marked = redis.pcall('SET', KEYS[1], 'eventlings')
  if type(marked) == 'table' and marked.err then redis.call('FLUSHDB') end
else
  redis.call('SET', KEYS[1], string.format('eventlings %s %.0f', own, now + ms))
end
return {'ours', ''}`

export type LeaseReply =
  | { readonly kind: 'ours' }
  /**
   * A program is using it, or was until a moment ago; `by` changes when that program confirms its lease.
   */
  | { readonly kind: 'held'; readonly by: string }
  /** With data that isn't ours. */
  | { readonly kind: 'filled'; readonly keys: number }
  /** It was ours, and another program has had it since. */
  | { readonly kind: 'lost' }

/** `take` begins a lease, `keep` extends it, `release` ends it. `take` and `clean` empty the database. */
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
 * Empties the sandbox before a test. If the whole server is ours, its scripts and functions go as well. On a borrowed
 * server, only the database is emptied, and its marker is restored in the same step; the scripts and functions may be
 * someone else's. Rejects with SandboxLostError, without emptying anything, when another program has taken a borrowed
 * database. Never FLUSHALL.
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
