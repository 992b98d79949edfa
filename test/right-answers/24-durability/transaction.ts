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

export async function* backup(redis: Redis, key: string): AsyncGenerator<string> {
  const type = await redis.type(key)
  if (type === 'none') return
  const info = (await redis.xinfo('STREAM', key)) as unknown[]
  const upTo = String(info[info.indexOf('last-generated-id') + 1])
  let number = 0
  let after = '0-0'
  while (true) {
    const [stream] = (await redis.xread('COUNT', 250, 'STREAMS', key, after)) ?? []
    const page = stream?.[1] ?? []
    for (const [id, fields] of page) {
      if (isAfter(id, upTo)) return yield `end ${number} ${upTo} .`
      yield `${number} ${id} ${Buffer.from(JSON.stringify(fields)).toString('base64')}`
      number += 1
      after = id
    }
    if (page.length < 250) return yield `end ${number} ${upTo} .`
  }
}

function isAfter(a: string, b: string): boolean {
  const [ams = 0, aseq = 0] = a.split('-').map(Number)
  const [bms = 0, bseq = 0] = b.split('-').map(Number)
  return ams > bms || (ams === bms && aseq > bseq)
}

/** Restores in one transaction, on a connection of its own because of the WATCH. */
export async function restore(redis: Redis, key: string, lines: AsyncIterable<string>): Promise<number> {
  const own = redis.duplicate()
  try {
    await own.watch(key)
    if ((await own.exists(key)) === 1) throw new BackupError(key, 'exists')
    const transaction = own.multi().xgroup('CREATE', key, 'g', '$', 'MKSTREAM').xgroup('DESTROY', key, 'g')
    let number = 0
    for await (const line of lines) {
      const [first, second, third = '', fourth] = line.split(' ')
      if (first === 'end' && Number(second) === number && fourth === '.') {
        const replies = await transaction.call('XSETID', key, third).exec()
        if (replies === null) throw new BackupError(key, 'exists')
        for (const [error] of replies) if (error !== null) throw error
        return number
      }
      if (first !== String(number)) break
      transaction.xadd(
        key,
        second ?? '',
        ...(JSON.parse(Buffer.from(third, 'base64').toString()) as string[]),
      )
      number += 1
    }
    throw new BackupError(key, 'incomplete')
  } finally {
    own.disconnect()
  }
}
