import { setTimeout as sleep } from 'node:timers/promises'
import { self } from '../../common/self.ts'
import type { Changes, Overview } from '../api.ts'
import { paths } from '../api.ts'
import { ClassError } from '../errors.ts'

/** Between two attempts to reach a hub that's gone (ms). */
const RETRY = 200

export interface FollowedAttempts {
  /** Starts waiting for this attempt of this learner. */
  readonly expect: (learner: string, attempt: number) => void
  /** How long each one that was seen took, in milliseconds. */
  readonly times: readonly number[]
  allSeen(): Promise<void>
  /** Rejects with HubGoneError when the hub ends before `close`; never resolves. */
  readonly broken: Promise<never>
  close(): void
}

/** The hub of a rehearsal ended in the middle, so there's nothing to measure. The message is for people. */
export class HubGoneError extends Error {
  override readonly name = 'HubGoneError'

  constructor(hub: string) {
    super(
      `The hub at ${hub} stopped in the middle of the rehearsal, so there's no result. Run "${self} class doctor" to see whether this machine can host a class.`,
    )
  }
}

/**
 * Follows the class as the dashboard does, and records when each attempt appears on it. A hub may be gone for
 * `timeoutMs`.
 */
export async function followAttempts(
  hub: string,
  secret: string,
  slug: string,
  timeoutMs = 0,
): Promise<FollowedAttempts> {
  const stop = new AbortController()
  const headers = { authorization: `Bearer ${secret}` }
  const open = async () => {
    const response = await fetch(`${hub}${paths.stream}`, { headers, signal: stop.signal })
    if (response.ok && response.body !== null) return response.body
    throw new ClassError(`${hub} doesn't show the class.`)
  }
  const opened = await open()
  const waiting = new Map<string, { readonly attempt: number; readonly since: number }[]>()
  const times: number[] = []
  let whenAllSeen = () => {}
  const note = ({ participants }: Changes | Overview) => {
    for (const { id, lessons } of participants) {
      const seen = lessons[slug]?.attempts ?? 0
      const expected = waiting.get(id)
      while (expected?.[0] !== undefined && expected[0].attempt <= seen) {
        times.push(performance.now() - expected[0].since)
        expected.shift()
      }
      if (expected?.length === 0) waiting.delete(id)
    }
    if (waiting.size === 0) whenAllSeen()
  }
  const keepReading = async () => {
    let body: ReadableStream<Uint8Array> | undefined = opened
    for (let goneAt = performance.now(); ; ) {
      if (body !== undefined) {
        await read(body, note).catch(() => {})
        goneAt = performance.now()
      }
      if (stop.signal.aborted) return new Promise<never>(() => {})
      if (performance.now() - goneAt >= timeoutMs) throw new HubGoneError(hub)
      await sleep(RETRY)
      body = await open().catch(() => undefined)
    }
  }
  const broken = keepReading()
  broken.catch(() => {}) // for the callers that await it
  return {
    broken,
    expect(learner, attempt) {
      const expected = waiting.get(learner) ?? []
      expected.push({ attempt, since: performance.now() })
      waiting.set(learner, expected)
    },
    times,
    allSeen: () =>
      new Promise((resolve) => {
        whenAllSeen = resolve
        if (waiting.size === 0) resolve()
      }),
    close: () => stop.abort(),
  }
}

/** Server-sent events, as far as the hub uses them: each has one line of data. */
async function read(
  body: ReadableStream<Uint8Array>,
  note: (data: Changes | Overview) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const data = /^data: ?(\{.*)$/m.exec(part)?.[1]
      if (data !== undefined) note(JSON.parse(data))
    }
  }
}
