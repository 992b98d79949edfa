// One script per task, including spendPoints. The events are passed in as JSON, and errors come back as error replies.
import type { Redis } from 'ioredis'

export type PointsEvent = {
  readonly eventId: string
  readonly eventType: 'POINTS_EARNED' | 'POINTS_SPENT'
  readonly userId: string
  readonly points: number
}
export type NewEvent = {
  readonly eventType: string
  readonly payload: Readonly<Record<string, string | number>>
}
export type Append = {
  readonly stream: string
  readonly commandId: string
  readonly expectedVersion: number
  readonly events: readonly NewEvent[]
  readonly answer: string
}
export type SpendPoints = { readonly commandId: string; readonly userId: string; readonly points: number }
export type SpendAnswer = { readonly accepted: boolean; readonly balance: number }

export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly stream: string
  readonly expected: number
  readonly actual: number
  constructor(at: { stream: string; expected: number; actual: number }) {
    super(JSON.stringify(at))
    this.stream = at.stream
    this.expected = at.expected
    this.actual = at.actual
  }
}

export async function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const sign = event.eventType === 'POINTS_EARNED' ? '' : '-'
  return (await redis.eval(
    `if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'duplicate' end
     redis.call('HINCRBY', KEYS[2], 'changes', '1')
     redis.call('HINCRBY', KEYS[2], 'balance', ARGV[2])
     redis.call('SADD', KEYS[1], ARGV[1])
     return 'applied'`,
    ...[2, `points:${event.userId}:seen`, `points:${event.userId}`, event.eventId, `${sign}${event.points}`],
  )) as 'applied' | 'duplicate'
}

export async function appendOnce(redis: Redis, append: Append): Promise<string> {
  const pairs = append.events.map((event) => [event.eventType, JSON.stringify(event.payload)])
  try {
    return String(
      await redis.eval(
        `local known = redis.call('GET', KEYS[2])
         if known then return known end
         local version = 0
         if redis.call('EXISTS', KEYS[1]) == 1 then
           local info = redis.call('XINFO', 'STREAM', KEYS[1])
           for i = 1, #info, 2 do
             if info[i] == 'last-generated-id' then version = tonumber(string.sub(info[i + 1], 1, string.find(info[i + 1], '-', 1, true) - 1)) end
           end
         end
         if version ~= tonumber(ARGV[1]) then return redis.error_reply('CONFLICT ' .. version) end
         for i, pair in ipairs(cjson.decode(ARGV[2])) do
           redis.call('XADD', KEYS[1], (version + i) .. '-0', 'eventType', pair[1], 'payload', pair[2], 'commandId', ARGV[4])
         end
         redis.call('SET', KEYS[2], ARGV[3])
         return ARGV[3]`,
        ...[2, append.stream, `command:${append.commandId}`],
        ...[append.expectedVersion, JSON.stringify(pairs), append.answer, append.commandId],
      ),
    )
  } catch (error) {
    const actual = /CONFLICT (\d+)/.exec((error as Error).message)?.[1]
    if (actual === undefined) throw error
    throw new ConcurrencyError({
      stream: append.stream,
      expected: append.expectedVersion,
      actual: Number(actual),
    })
  }
}

export async function spendPoints(redis: Redis, command: SpendPoints): Promise<SpendAnswer> {
  const reply = await redis.eval(
    `local known = redis.call('GET', KEYS[2])
     if known then return known end
     local balance, version, from = 0, 0, '-'
     repeat
       local page = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 500)
       for _, entry in ipairs(page) do
         local fields = {}
         for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
         local points = cjson.decode(fields['payload'])['points']
         if fields['eventType'] == 'POINTS_EARNED' then balance = balance + points end
         if fields['eventType'] == 'POINTS_SPENT' then balance = balance - points end
         version = tonumber(string.match(entry[1], '^%d+'))
         from = '(' .. entry[1]
       end
     until #page == 0
     local answer = '{"accepted":false,"balance":' .. balance .. '}'
     if balance >= tonumber(ARGV[1]) then
       redis.call('XADD', KEYS[1], (version + 1) .. '-0', 'eventType', 'POINTS_SPENT', 'payload', '{"points":' .. ARGV[1] .. '}', 'commandId', ARGV[2])
       answer = '{"accepted":true,"balance":' .. (balance - ARGV[1]) .. '}'
     end
     redis.call('SET', KEYS[2], answer)
     return answer`,
    ...[2, `aggregate:points:${command.userId}`, `command:${command.commandId}`],
    ...[command.points, command.commandId],
  )
  return JSON.parse(String(reply))
}
