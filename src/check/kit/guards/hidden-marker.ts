import { Redis } from 'ioredis'
import { SANDBOX_MARKER } from '../../../redis/sandbox.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]
type Reply = Parameters<Command['resolve']>[0]

/** What commands that name all keys reply, as if the marker weren't there. */
const WITHOUT_MARKER: Readonly<Record<string, (reply: unknown) => unknown>> = {
  keys: withoutMarker,
  scan: (reply) => (Array.isArray(reply) ? [reply[0], withoutMarker(reply[1])] : reply),
  dbsize: (reply) => (typeof reply === 'number' ? Math.max(0, reply - 1) : reply),
}

function withoutMarker(keys: unknown): unknown {
  return Array.isArray(keys) ? keys.filter((key) => String(key) !== SANDBOX_MARKER) : keys
}

let hidden = false

/**
 * Hides the key that marks a borrowed database from every client of this process after this call. A suite that lists
 * all keys, or an answer, must see the same there as on a server of ours.
 */
export function hideMarker(): void {
  if (hidden) return
  hidden = true
  const seen = new WeakSet<Command>() // after a lost connection a command passes here again
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function sendHiding(this: Redis, command, stream) {
    const change = WITHOUT_MARKER[command.name]
    if (change !== undefined && !seen.has(command)) {
      seen.add(command)
      const { resolve } = command
      command.resolve = (reply: unknown) => resolve(change(reply) as Reply)
    }
    return send.call(this, command, stream)
  }
}
