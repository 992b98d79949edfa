import { type Redis, ReplyError } from 'ioredis'
import { type DomainEvent, encodeEvent } from '#built/01-events'

/** The strings that `CONFIG GET` returns. */
export interface DurabilitySettings {
  readonly appendonly: string
  readonly appendfsync: string
  readonly save: string
  readonly maxmemoryPolicy: string
}

export type Risk =
  | 'crash-loses-all'
  | 'crash-loses-since-snapshot'
  | 'power-loses-a-second'
  | 'power-loses-more'
  | 'memory-evicts'

export interface Loss {
  readonly lost: readonly string[]
  readonly unacknowledged: readonly string[]
  readonly twice: readonly string[]
}

export interface WriteReport {
  readonly acknowledged: readonly string[]
  readonly refused: string | null
  readonly unknown: string | null
}

/** The event is written, with this `id`, but fewer replicas have it than the caller wanted. */
export class NotReplicatedError extends Error {
  override readonly name = 'NotReplicatedError'
  readonly id: string
  readonly wanted: number
  readonly reached: number

  constructor(id: string, wanted: number, reached: number) {
    super(`${id} is written, but only ${reached} of ${wanted} replicas have it`)
    this.id = id
    this.wanted = wanted
    this.reached = reached
  }
}

export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly reason: 'incomplete' | 'exists'

  constructor(key: string, reason: 'incomplete' | 'exists') {
    super(reason === 'exists' ? `${key} is in use` : `The backup of ${key} is cut off or damaged`)
    this.reason = reason
  }
}

const PAGE_SIZE = 500

/** Names what can cause a loss of events with these settings, in the order of `Risk`. */
export function judgeDurability(settings: DurabilitySettings): readonly Risk[] {
  const risks: Risk[] = []
  const logs = settings.appendonly === 'yes'
  if (!logs) risks.push(settings.save === '' ? 'crash-loses-all' : 'crash-loses-since-snapshot')
  if (logs && settings.appendfsync === 'everysec') risks.push('power-loses-a-second')
  if (logs && settings.appendfsync === 'no') risks.push('power-loses-more')
  if (settings.maxmemoryPolicy !== 'noeviction') risks.push('memory-evicts')
  return risks
}

/**
 * Compares what a writer was promised with what is there. No list contains the same ID twice, and each keeps its source's
 * order.
 */
export function countLost(acknowledged: readonly string[], found: readonly string[]): Loss {
  const promised = new Set(acknowledged)
  const there = new Set(found)
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const id of found) (seen.has(id) ? twice : seen).add(id)
  return {
    lost: [...promised].filter((id) => !there.has(id)),
    unacknowledged: [...there].filter((id) => !promised.has(id)),
    twice: [...twice],
  }
}

/** Judges the settings of the server. It asks for one setting per command, because older servers accept only one. */
export async function checkDurability(redis: Redis): Promise<readonly Risk[]> {
  const setting = async (name: string) => ((await redis.config('GET', name)) as string[])[1] ?? ''
  return judgeDurability({
    appendonly: await setting('appendonly'),
    appendfsync: await setting('appendfsync'),
    save: await setting('save'),
    maxmemoryPolicy: await setting('maxmemory-policy'),
  })
}

/** Appends the events one by one, and reports which Redis confirmed, which it refused, and which got no reply. */
export async function writeAcknowledged(
  redis: Redis,
  key: string,
  events: Iterable<DomainEvent>,
): Promise<WriteReport> {
  const acknowledged: string[] = []
  for (const event of events) {
    const text = encodeEvent(event)
    try {
      await redis.xadd(key, '*', 'event', text)
    } catch (error) {
      // An error is a reply: the event isn't written. Without a reply, it may or may not be.
      const refused = error instanceof ReplyError
      return {
        acknowledged,
        refused: refused ? event.eventId : null,
        unknown: refused ? null : event.eventId,
      }
    }
    acknowledged.push(event.eventId)
  }
  return { acknowledged, refused: null, unknown: null }
}

/**
 * Appends the event, waits up to `timeoutMs` until `replicas` replicas have it, and resolves to the entry's ID.
 * @throws NotReplicatedError if too few have it by then; the event stays written
 */
export async function appendReplicated(
  redis: Redis,
  key: string,
  event: DomainEvent,
  { replicas, timeoutMs }: { readonly replicas: number; readonly timeoutMs: number },
): Promise<string> {
  const id = (await redis.xadd(key, '*', 'event', encodeEvent(event))) ?? ''
  // On the same connection, because WAIT only covers what its own connection wrote.
  const reached = await redis.wait(replicas, timeoutMs)
  if (reached < replicas) throw new NotReplicatedError(id, replicas, reached)
  return id
}

/** Yields the stream as it is now: a line for each entry, then one with the last ID and the number of entries. */
export async function* backup(redis: Redis, key: string): AsyncGenerator<string> {
  if ((await redis.exists(key)) === 0) return
  const info = (await redis.xinfo('STREAM', key)) as unknown[]
  const lastId = String(info[info.indexOf('last-generated-id') + 1])
  let entries = 0
  for (let from = '-'; ; ) {
    const page = await redis.xrange(key, from, lastId, 'COUNT', PAGE_SIZE)
    for (const entry of page) yield JSON.stringify(entry)
    entries += page.length
    if (page.length < PAGE_SIZE) break
    from = `(${page.at(-1)?.[0]}`
  }
  yield JSON.stringify({ lastId, entries })
}

/**
 * Rebuilds the stream at an unused key and resolves to the number of entries. It builds the stream under another name
 * and renames it when it's complete, so `key` never holds only part of it.
 * @throws BackupError and leaves `key` unchanged
 */
export async function restore(redis: Redis, key: string, lines: AsyncIterable<string>): Promise<number> {
  const draft = `${key}:restoring`
  await redis.del(draft) // left by an attempt that died
  let entries = 0
  for await (const text of lines) {
    const line = parse(text)
    if (Array.isArray(line)) {
      await redis.xadd(draft, line[0], ...line[1])
      entries += 1
      continue
    }
    if (line?.entries !== entries) break
    // Creating a group is the only way to make a stream without entries.
    await redis.xgroup('CREATE', draft, 'restoring', '$', 'MKSTREAM')
    await redis.xgroup('DESTROY', draft, 'restoring')
    await redis.call('XSETID', draft, line.lastId)
    if ((await redis.renamenx(draft, key)) === 1) return entries
    await redis.del(draft)
    throw new BackupError(key, 'exists')
  }
  await redis.del(draft)
  throw new BackupError(key, 'incomplete')
}

type Line = [id: string, fields: string[]] | { readonly lastId: string; readonly entries: number }

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // cut off in the middle of a line
  }
}
