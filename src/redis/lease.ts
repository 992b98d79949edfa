import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { SandboxLostError } from './errors.ts'
import { askLease, type LeaseReply } from './sandbox.ts'

/** Interval in which a program says that it still uses its borrowed database, in milliseconds. */
const KEEP_MS = 3_000
/** Interval between two looks at a database that somebody else has, in milliseconds. */
const LOOK_MS = 250
/** Time that the server may take to confirm a lease before that is left to others, in milliseconds. */
const CONFIRM_MS = 2_000

/** The right to a borrowed database: one program at a time, because each check empties it. */
export interface Lease {
  /** What `cleanSandbox` asks for. */
  readonly token: string
  /** Rejects with SandboxLostError if it ended because we were silent for too long, and somebody else took it. */
  confirm(): Promise<void>
  /** Safe to call twice. */
  release(): Promise<void>
}

/**
 * Takes the database that the client is on, and empties it. One that somebody else has is watched for as long as it takes to know
 * whether they still live: they say so every few seconds, and whoever died without giving it back says nothing. The lease is kept
 * until `release` or the end of this process. Resolves to what is in the way if it can't be had.
 */
export async function takeLease(client: Redis, onWait: () => void): Promise<Lease | LeaseReply> {
  const token = randomUUID()
  let reply = await askLease(client, 'take', token)
  if (reply.kind === 'held') {
    onWait()
    const { by } = reply
    while (reply.kind === 'held' && reply.by === by) {
      await sleep(LOOK_MS)
      reply = await askLease(client, 'take', token)
    }
  }
  return reply.kind === 'ours' ? kept(client, token) : reply
}

function kept(client: Redis, token: string): Lease {
  // From here on the connection keeps no program alive.
  client.stream.unref()
  client.on('connect', () => client.stream.unref())
  let state: 'held' | 'lost' | 'released' = 'held'
  let isAsking = false

  /** What keeps Redis from answering is told by whatever else is sent there. */
  async function keep(): Promise<void> {
    const reply = await askLease(client, 'keep', token).catch(() => undefined)
    if (reply?.kind !== 'lost' || state !== 'held') return
    state = 'lost'
    clearInterval(timer)
  }
  const timer = setInterval(() => {
    if (isAsking) return
    isAsking = true
    void keep().finally(() => {
      isAsking = false
    })
  }, KEEP_MS).unref()

  return {
    token,
    async confirm() {
      if (state === 'held') await patiently(keep())
      if (state === 'lost') throw new SandboxLostError()
    },
    async release() {
      if (state === 'released') return
      clearInterval(timer)
      const wasHeld = state === 'held'
      state = 'released'
      if (wasHeld) await patiently(askLease(client, 'release', token).catch(() => {}))
      client.disconnect()
    },
  }
}

/** Waits for the reply, but not for a server that hangs. */
async function patiently(reply: Promise<unknown>): Promise<void> {
  const end = new AbortController()
  await Promise.race([reply, sleep(CONFIRM_MS, undefined, { signal: end.signal }).catch(() => {})])
  end.abort()
}
