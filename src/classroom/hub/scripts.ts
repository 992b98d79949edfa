/**
 * Stores a batch of one participant, in one step: known events are left out, new ones are appended under their own number,
 * and the other hubs are notified. A hub that's killed has done all of it or nothing, and the sender retries.
 * KEYS  1 participants · 2 the participant's stream of this log · 3 heads · 4 news · 5 the participant's logs
 * ARGV  1 participant · 2 log id · 3 the number that must be there · 4 most events of a log · 5 most logs · then number, event and
 *       time for each
 * Replies { 'stored', last number, how many were new }, { 'send from', last number }, { 'another log' }, { 'join again' } or
 * { 'full' }. Another log: the event here under a number isn't the one that was sent, because the sender's log was reset to an
 * earlier state and continued from there, or is a copy that continues beside the original. The last known event is enough to
 * detect that.
 */
export const RECEIVE = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return { 'join again' } end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local head = last and tonumber(string.match(last[1], '^%d+')) or 0
if tonumber(ARGV[3]) > head then return { 'send from', head } end
for i = #ARGV - 2, 6, -3 do
  if tonumber(ARGV[i]) <= head then
    local id = string.format('%d-0', ARGV[i])
    local here = redis.call('XRANGE', KEYS[2], id, id)[1]
    local eventId = string.match(ARGV[i + 1], '"eventId":"([^"]+)"')
    if not here or not string.find(here[2][2], '"eventId":"' .. eventId .. '"', 1, true) then return { 'another log' } end
    break
  end
end
if not last and redis.call('SCARD', KEYS[5]) >= tonumber(ARGV[5]) then return { 'full' } end
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[4]) then return { 'full' } end
local stored = 0
for i = 6, #ARGV, 3 do
  local n = tonumber(ARGV[i])
  if n > head then
    redis.call('XADD', KEYS[2], string.format('%d-0', n), 'event', ARGV[i + 1], 'at', ARGV[i + 2])
    head = n
    stored = stored + 1
  end
end
if stored > 0 then
  redis.call('SADD', KEYS[5], ARGV[2])
  local heads = redis.call('HGET', KEYS[3], ARGV[1]) or ''
  local mine = ARGV[2] .. ' ' .. string.format('%d', head)
  local isKnown = false
  heads = string.gsub(heads, '%S+ %d+', function (one)
    if string.match(one, '^%S+') ~= ARGV[2] then return one end
    isKnown = true
    return mine
  end)
  if not isKnown then heads = heads == '' and mine or heads .. ' ' .. mine end
  redis.call('HSET', KEYS[3], ARGV[1], heads)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 20000, '*', 'learner', ARGV[1])
end
return { 'stored', head, stored }`

/**
 * Stores a snapshot, unless there's a later one, or the participant has left or has another log.
 * KEYS  1 participants · 2 snapshots · 3 heads
 * ARGV  1 participant · 2 log id · 3 number of the last event in it · 4 the snapshot
 * A snapshot is stored as '<log id> <number> <JSON>'. Replies 1 when it was stored.
 */
export const SNAPSHOT = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local head = redis.call('HGET', KEYS[3], ARGV[1])
if not head or string.match(head, '^%S+') ~= ARGV[2] then return 0 end
local kept = redis.call('HGET', KEYS[2], ARGV[1])
if kept then
  local log, n = string.match(kept, '^(%S+) (%d+) ')
  if log == ARGV[2] and tonumber(n) >= tonumber(ARGV[3]) then return 0 end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
return 1`
