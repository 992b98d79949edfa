// Lua for the decisions that Redis has to make, `call` for the rest.
import type { Redis } from 'ioredis'

export interface ConsumerOptions {
  readonly stream: string
  readonly group: string
  readonly consumer: string
}

export interface DeliveredEvent {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export type Handler = (event: DeliveredEvent) => void | Promise<void>

export class GroupMissingError extends Error {
  constructor(readonly_stream: string, readonly_group: string) {
    super(`no group ${readonly_group} on ${readonly_stream}`)
    this.name = 'GroupMissingError'
    this.stream = readonly_stream
    this.group = readonly_group
  }
  readonly stream: string
  readonly group: string
}

const ENSURE = `
local reply = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if reply.err and not string.find(reply.err, 'BUSYGROUP', 1, true) then return reply end
return 1`

const ACKNOWLEDGE = `
local count = 0
for _, id in ipairs(ARGV) do
  if id ~= ARGV[1] then count = count + redis.call('XACK', KEYS[1], ARGV[1], id) end
end
return count`

export class EventConsumer {
  ensureGroup: () => Promise<void>
  acknowledge: (ids: readonly string[]) => Promise<number>
  consume: (handle: Handler, count?: number) => Promise<number>

  constructor(redis: Redis, { stream, group, consumer }: ConsumerOptions) {
    this.ensureGroup = async () => {
      await redis.eval(ENSURE, 1, stream, group)
    }
    this.acknowledge = async (ids) => Number(await redis.eval(ACKNOWLEDGE, 1, stream, group, ...ids))
    this.consume = async (handle, count = 100) => {
      let reply: unknown
      try {
        reply = await redis.call(
          ...([
            'XREADGROUP',
            'GROUP',
            group,
            consumer,
            'COUNT',
            String(count),
            'STREAMS',
            stream,
            '>',
          ] as const),
        )
      } catch (error) {
        throw /^NOGROUP/.test((error as Error).message) ? new GroupMissingError(stream, group) : error
      }
      let done = 0
      for (const [, entries] of (reply as [string, [string, string[]][]][] | null) ?? []) {
        for (const [id, flat] of entries) {
          const names = flat.filter((_, i) => i % 2 === 0)
          await handle({
            id,
            fields: Object.fromEntries(names.map((name, i) => [name, flat[2 * i + 1] ?? ''])),
          })
          await redis.eval(ACKNOWLEDGE, 1, stream, group, id)
          done += 1
        }
      }
      return done
    }
  }
}
