import { onTestFinished } from 'vitest'
import type { CheckSession } from '../../../../src/learner/check-session.ts'
import type { Learner } from '../../../../src/learner/learner.ts'
import { workbenchApp } from '../../../../src/web/workbench/app.ts'
import { newLearner } from '../reader.ts'

export const host = '127.0.0.1:4000'
export const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }

/** Where a request may come from that must change nothing, as its headers say. */
export const strangers: readonly (readonly [from: string, headers: Record<string, string>])[] = [
  ['another site', { host, origin: 'http://evil.example' }],
  ['another port of this machine', { host, origin: 'http://127.0.0.1:5000' }],
  ['a page without an origin', { host, origin: 'null' }],
  ['no page at all', { host }],
  ['a site that lies', { ...own, 'sec-fetch-site': 'cross-site' }],
  ['another port, as the browser sees it', { ...own, 'sec-fetch-site': 'same-site' }],
]

/** A session without a Redis. */
const noSession: CheckSession = {
  open: () => Promise.reject(new Error('There is no Redis here.')),
  check: () => Promise.reject(new Error('There is no Redis here.')),
  record: async () => undefined,
  replace: async () => {},
  close: async () => {},
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/**
 * The workbench without a socket and without a Redis, unless `open` provides one. `ask` has the cookie of a browser that was let
 * in.
 */
export async function newBenchApp(
  options: {
    readonly origin?: string
    readonly learner?: Learner
    open?(): ReturnType<CheckSession['open']>
  } = {},
) {
  const learner = options.learner ?? (await newLearner())
  const session = { ...noSession, ...(options.open && { open: options.open }) }
  const edited: string[] = []
  const { app, access, close } = workbenchApp(
    {
      learner,
      session,
      origin: options.origin,
      edit: async (file, line) => void edited.push(`${file}:${line}`),
    },
    new Map([['reader.js', { body: '', type: 'text/javascript' }]]),
  )
  onTestFinished(close)
  const raw = async (path: string, { headers = {}, ...rest }: Asked = {}) =>
    app.request(path, { ...rest, headers: { host, ...headers } })
  const cookie = cookieOf(await raw(access.invitation('/')))
  const ask = (path: string, { headers = own, ...rest }: Asked = {}) =>
    raw(path, { ...rest, headers: { ...headers, cookie } })
  return { learner, app, access, raw, ask, cookie, edited }
}

export function cookieOf(response: Response): string {
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}
