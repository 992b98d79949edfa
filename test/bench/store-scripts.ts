import { createHash } from 'node:crypto'

/** A stream's version, correct even after a trim that left nothing: in `version`. The store has to read the same. */
const VERSION = `
local version = 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  version = tonumber(string.match(redis.call('XINFO', 'STREAM', KEYS[1])[8], '^%d+'))
end`
/** Cheaper, and wrong after such a trim. */
const VERSION_OF_LAST_ENTRY = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^%d+')) or 0`

/**
 * The minimum that compares, writes the stream and writes the log.
 * KEYS  1 stream · 2 log
 * ARGV  1 expected version · 2 the stream's name · then the events as strings
 */
const minimum = (version: string) => `${version}
if version ~= tonumber(ARGV[1]) then return redis.error_reply('CONFLICT') end
for i = 3, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], version .. '-0', 'event', ARGV[i])
  redis.call('XADD', KEYS[2], '*', 'stream', ARGV[2], 'version', version, 'event', ARGV[i])
end
return version`
/** The same with all events of a commit in one entry, whose ID is the version of the last. */
const PACKED = `${VERSION}
if version ~= tonumber(ARGV[1]) then return redis.error_reply('CONFLICT') end
version = version + tonumber(ARGV[3])
redis.call('XADD', KEYS[1], version .. '-0', 'events', ARGV[4])
redis.call('XADD', KEYS[2], '*', 'stream', ARGV[2], 'version', version, 'events', ARGV[4])
return version`

export interface Script {
  readonly lua: string
  readonly sha: string
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

export const least = script(minimum(VERSION))
export const shortest = script(minimum(VERSION_OF_LAST_ENTRY))
export const packed = script(PACKED)
