import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { SandboxLostError } from './errors.ts'
import { askLease, type LeaseReply } from './sandbox.ts'

/** Interval at which a program confirms that it still uses its borrowed database, in milliseconds. */
const KEEP_MS = 3_000
/** Interval between two looks at a database that another program has, in milliseconds. */
const LOOK_MS = 250
/** Maximum time for the server to confirm a lease before we give up on it, in milliseconds. */
const CONFIRM_MS = 2_000

/** The right to a borrowed database: one program at a time, because each check empties it. */
export interface Lease {
  /** What `cleanSandbox` needs. */
  readonly token: string
  /** Rejects with SandboxLostError if it ended because we were silent for too long and another program took it. */
  confirm(): Promise<void>
  /** Safe to call twice. */
  release(): Promise<void>
}

/**
 * Takes the database that the client is on, and empties it. If another program has it, watches for as long as it
 * takes to know whether that program still lives: programs confirm every few seconds, and one that died without
 * releasing the lease doesn't. The lease is kept until `release` or the end of this process. Resolves to the obstacle
 * if the lease can't be taken.
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
  // After this, the connection keeps no program alive.
  client.stream.unref()
  client.on('connect', () => client.stream.unref())
  let state: 'held' | 'lost' | 'released' = 'held'
  let isAsking = false

  /** Other commands sent there will report what keeps Redis from answering. */
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
