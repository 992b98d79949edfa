import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { type Joined, type LessonHead, paths } from '../../../src/classroom/api.ts'
import { type ClassAppOptions, classApp } from '../../../src/classroom/http/app.ts'
import type { ClassInfo } from '../../../src/classroom/hub/class-info.ts'
import { connectRedis } from '../../../src/classroom/hub/connect.ts'
import { Hub } from '../../../src/classroom/hub/hub.ts'
import { newJoinCode, newSecret } from '../../../src/classroom/hub/secrets.ts'
import type { InTheCoursesWords } from '../../../src/classroom/projections/summary.ts'
import { hashOf } from '../../../src/common/hash.ts'
import { listen } from '../../../src/http/index.ts'
import type { StoredEvent } from '../../../src/progress/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

export const lessons = [
  { slug: '01-events', number: '01', title: 'Events', tasks: ['createEvent'] },
  { slug: '07-concurrency', number: '07', title: 'Concurrency' },
]

export const secret = newSecret()

export function newClassInfo(): ClassInfo {
  return {
    id: randomUUID(),
    name: 'Tuesday',
    openedAt: '2026-05-02T09:00:00.000Z',
    joinCode: newJoinCode(),
    key: newSecret(),
    secretHash: hashOf(secret),
  }
}

let server: Promise<RunningRedis> | undefined

/** An empty Redis. One process serves all tests of this one, because starting takes longer than most of them; it ends with it. */
export async function embedded(): Promise<string> {
  server ??= startRedis('embedded').catch((error: unknown) => {
    server = undefined // the next test tries again
    throw error
  })
  const { url } = await server
  const redis = await connectRedis(url)
  if ('nodes' in redis) throw new Error('no cluster was started')
  await redis.flushall()
  redis.disconnect()
  return url
}

export interface Served {
  readonly hub: Hub
  readonly classInfo: ClassInfo
  readonly origin: string
  stop(): Promise<void>
}

interface ServeOptions
  extends Partial<Pick<ClassAppOptions, 'elapsed' | 'pause' | 'now' | 'addPages' | 'tickets'>> {
  readonly port?: number
  readonly lessons?: readonly LessonHead[]
  readonly inTheCoursesWords?: InTheCoursesWords
}

/** A hub that listens on loopback; closed after the test. */
export async function serve(
  url: string,
  classInfo = newClassInfo(),
  options: ServeOptions = {},
): Promise<Served> {
  const redis = await connectRedis(url)
  const { now, inTheCoursesWords } = options
  const optional = { ...(now && { now }), ...(inTheCoursesWords && { inTheCoursesWords }) }
  const hub = await Hub.open({ redis, classInfo, lessons: options.lessons ?? lessons, ...optional })
  const app = classApp({ hub, loopback: '127.0.0.1', ...options })
  const listening = await listen(app, { host: '127.0.0.1', port: options.port ?? 0 })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= listening
      .close()
      .then(() => hub.close())
      .then(() => redis.disconnect())
    return stopped
  }
  onTestFinished(stop)
  return { hub, classInfo, origin: `http://127.0.0.1:${listening.port}`, stop }
}

export interface Reply<T> {
  readonly status: number
  readonly body: T
}

export async function call<T>(
  { origin }: { readonly origin: string },
  path: string,
  options: {
    readonly token?: string
    readonly body?: unknown
    readonly headers?: Record<string, string>
  } = {},
): Promise<Reply<T>> {
  const { token, body, headers = {} } = options
  const response = await fetch(`${origin}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as T }
}

export async function join(served: Served, name: string, share = false): Promise<Joined> {
  const { body } = await call<Joined>(served, paths.join, {
    body: { code: served.classInfo.joinCode, name, share },
  })
  return body
}

export const logId = randomUUID()

/** An event as it is in a progress log. */
export function progress(
  n: number,
  eventType: string,
  entityId: string,
  payload: object = {},
  more: Partial<StoredEvent> = {},
): StoredEvent {
  const timestamp = new Date(Date.UTC(2026, 4, 2, 9, 0, n)).toISOString()
  const placed = { eventId: randomUUID(), timestamp, eventType, entityId, payload, metadata: {}, logId, n }
  return { ...placed, ...more }
}

export function failed(n: number, slug: string, task: string, diagnosis: string): StoredEvent {
  const payload = {
    target: 'workspace',
    redis: 'binary',
    ms: 20,
    tasks: [{ task, state: 'failed' }],
    task,
    diagnosis,
  }
  return progress(n, 'CHECK_FAILED', slug, payload)
}

export function passed(n: number, slug: string): StoredEvent {
  return progress(n, 'CHECK_PASSED', slug, {
    target: 'workspace',
    redis: 'binary',
    ms: 20,
    tasks: [],
    skipped: 0,
  })
}

export function send(
  served: { readonly origin: string },
  token: string,
  after: number,
  events: readonly StoredEvent[],
) {
  const [first] = events
  const body = { logId: first?.logId ?? logId, after, events, now: new Date().toISOString() }
  return call<{ readonly kind: string; readonly [name: string]: unknown }>(served, paths.events, {
    token,
    body,
  })
}

/** Polls until the condition is true; the test's own time limit ends it. */
export async function until<T>(look: () => T | Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
