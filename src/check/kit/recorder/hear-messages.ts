import type { Redis } from 'ioredis'

const heard = new WeakSet<Redis>()

/** Calls back with every message of Pub/Sub that reaches a client, before the client's own listeners get it. */
export function hearMessages(client: Redis, note: (channel: string, text: string) => void): void {
  if (heard.has(client)) return
  heard.add(client)
  client.prependListener('message', note)
  client.prependListener('smessage', note)
  client.prependListener('pmessage', (_pattern: string, channel: string, text: string) => note(channel, text))
}
