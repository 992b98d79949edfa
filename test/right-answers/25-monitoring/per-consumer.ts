import type { Redis } from 'ioredis'

export interface StreamEntry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}
export interface GroupCounters {
  readonly name: string
  readonly pending: number
  readonly lag: number | null
  readonly lastDeliveredId: string
}
export interface ConsumerInfo {
  readonly name: string
  readonly pending: number
  readonly idle: number
  readonly oldestIdle: number | null
}
export interface GroupInfo extends GroupCounters {
  readonly oldestIdle: number | null
  readonly consumers: readonly ConsumerInfo[]
}
export interface StreamInfo {
  readonly length: number
  readonly firstEntry: StreamEntry | null
  readonly lastEntry: StreamEntry | null
  readonly groups: readonly GroupInfo[]
}
export interface Limits {
  readonly lag: number
  readonly entryIdle: number
  readonly consumerIdle: number
}
export type Alarm =
  | {
      readonly kind: 'dead-consumer'
      readonly group: string
      readonly consumer: string
      readonly pending: number
    }
  | {
      readonly kind: 'slow-consumer'
      readonly group: string
      readonly consumer: string
      readonly oldestIdle: number
    }
  | { readonly kind: 'no-consumer'; readonly group: string; readonly lag: number | null }
  | { readonly kind: 'lag-unknown'; readonly group: string }
  | { readonly kind: 'behind'; readonly group: string; readonly lag: number }

class Reply {
  readonly #flat: readonly unknown[]
  constructor(flat: unknown) {
    this.#flat = flat as unknown[]
  }
  get(name: string): unknown {
    for (let i = 0; i + 1 < this.#flat.length; i += 2) if (this.#flat[i] === name) return this.#flat[i + 1]
    return undefined
  }
  number(name: string): number {
    return Number.parseInt(String(this.get(name)), 10)
  }
}

export function parseGroup(flat: readonly unknown[]): GroupCounters {
  const reply = new Reply(flat)
  const lag = reply.number('lag')
  return {
    name: `${reply.get('name')}`,
    pending: reply.number('pending'),
    lag: Number.isNaN(lag) ? null : lag,
    lastDeliveredId: `${reply.get('last-delivered-id')}`,
  }
}

/** Reads the pending entries of one consumer. */
async function oldestOf(
  redis: Redis,
  stream: string,
  group: string,
  consumer: string,
): Promise<number | null> {
  let oldest: number | null = null
  let from = '-'
  for (;;) {
    const page = (await redis.xpending(stream, group, from, '+', 1000, consumer)) as [
      string,
      string,
      number,
    ][]
    const last = page.at(-1)
    if (last === undefined) return oldest
    for (const [, , idle] of page) if (oldest === null || idle > oldest) oldest = idle
    from = `(${last[0]}`
  }
}

function isAfter(id: string, other: string): boolean {
  const [ms = 0n, seq = 0n] = id.split('-').map(BigInt)
  const [otherMs = 0n, otherSeq = 0n] = other.split('-').map(BigInt)
  return ms === otherMs ? seq > otherSeq : ms > otherMs
}

export async function getStreamInfo(redis: Redis, stream: string): Promise<StreamInfo | null> {
  if ((await redis.exists(stream)) === 0) return null
  const about = new Reply(await redis.xinfo('STREAM', stream))
  const entry = (name: string): StreamEntry | null => {
    const raw = about.get(name) as [string, string[]] | null
    if (raw === null) return null
    const fields: Record<string, string> = {}
    raw[1].forEach((value, i) => {
      if (i % 2 === 1) fields[raw[1][i - 1] ?? ''] = value
    })
    return { id: raw[0], fields }
  }
  const last = entry('last-entry')
  const groups = await Promise.all(
    ((await redis.xinfo('GROUPS', stream)) as unknown[][]).map(async (flat): Promise<GroupInfo> => {
      const counters = parseGroup(flat)
      const consumers: ConsumerInfo[] = []
      for (const one of (await redis.xinfo('CONSUMERS', stream, counters.name)) as unknown[]) {
        const reply = new Reply(one)
        const name = `${reply.get('name')}`
        const oldestIdle = await oldestOf(redis, stream, counters.name, name)
        consumers.push({ name, pending: reply.number('pending'), idle: reply.number('idle'), oldestIdle })
      }
      consumers.sort((a, b) => (a.name > b.name ? 1 : -1))
      let oldestIdle: number | null = null
      for (const one of consumers) {
        if (one.oldestIdle !== null && one.oldestIdle >= (oldestIdle ?? 0)) oldestIdle = one.oldestIdle
      }
      const isDone = last === null || !isAfter(last.id, counters.lastDeliveredId)
      return { ...counters, lag: isDone ? 0 : counters.lag, oldestIdle, consumers }
    }),
  )
  groups.sort((a, b) => (a.name > b.name ? 1 : -1))
  return {
    length: about.number('length'),
    firstEntry: entry('first-entry'),
    lastEntry: last,
    groups,
  }
}

export function findAlarms(info: StreamInfo, limits: Limits): readonly Alarm[] {
  const all: Alarm[] = []
  for (const { name: group, lag, consumers } of info.groups) {
    const dead = consumers.filter(({ idle }) => idle >= limits.consumerIdle)
    for (const one of consumers) {
      if (dead.includes(one)) {
        if (one.pending !== 0)
          all.push({ kind: 'dead-consumer', group, consumer: one.name, pending: one.pending })
      } else if ((one.oldestIdle ?? -1) >= limits.entryIdle) {
        all.push({ kind: 'slow-consumer', group, consumer: one.name, oldestIdle: one.oldestIdle ?? 0 })
      }
    }
    const unattended = dead.length === consumers.length
    if (unattended && lag !== 0) all.push({ kind: 'no-consumer', group, lag })
    else if (lag === null) all.push({ kind: 'lag-unknown', group })
    else if (lag > limits.lag) all.push({ kind: 'behind', group, lag })
  }
  return all
}
