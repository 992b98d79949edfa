import type { BesideNews, LookBeside } from '../../learner/beside.ts'
import type { Learner } from '../../learner/learner.ts'
import { runningOf } from './running.ts'
import { type Settings, settingsOf } from './settings.ts'
import { newsOf } from './verdict-news.ts'

/** Maximum wait (ms) for the workbench to answer. */
const TIMEOUT_MS = 3_000
/** Maximum silence (ms) of a stream: the workbench says something every 10 seconds. */
const SILENCE = 25_000
/** How long (ms) a workbench that didn't answer isn't asked again, so that not every save waits for it. */
const AVOIDED_FOR = 60_000

/** Runs `call` after `ms` milliseconds. Returns a function that cancels it. Tests pass their own. */
export type After = (ms: number, call: () => void) => () => void

const byTheClock: After = (ms, call) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

/** Looks for an open workbench of this home that checks as this program does, and follows it. */
export function besideWorkbench(
  { home, course }: Pick<Learner, 'home' | 'course'>,
  given: Settings,
  after: After = byTheClock,
): LookBeside {
  let avoided: { readonly key: string; readonly since: number } | undefined
  return async (slug, signal) => {
    const { port, key } = runningOf(home) ?? {}
    if (key === undefined) return undefined
    if (avoided?.key === key && performance.now() - avoided.since < AVOIDED_FOR) return undefined
    const origin = `http://127.0.0.1:${port}`
    const address = `${origin}/workbench/${slug}`
    const headers = { authorization: `Bearer ${key}`, origin }
    const ending = new AbortController()
    const end = () => ending.abort()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    const giveUp = () => {
      if (!signal.aborted) avoided = { key, since: performance.now() }
      end()
    }
    let callOff = after(TIMEOUT_MS, giveUp)
    const settings = new URLSearchParams({ settings: settingsOf(course, given) })
    const response = await fetch(`${address}/verdicts?${settings}`, {
      headers,
      redirect: 'error',
      signal: ending.signal,
    }).catch(() => undefined)
    callOff()
    if (response?.ok !== true || response.body === null) {
      signal.removeEventListener('abort', end)
      await response?.body?.cancel().catch(() => {})
      return undefined
    }
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader()
    // Aborting a request doesn't always end its body, because the request may have been garbage-collected.
    ending.signal.addEventListener('abort', () => void text.cancel().catch(() => {}))
    const news = async function* (): AsyncGenerator<BesideNews> {
      const heard = () => {
        callOff()
        callOff = after(SILENCE, giveUp)
      }
      heard()
      try {
        for await (const line of linesOf(text)) {
          if (ending.signal.aborted) return
          heard()
          if (!line.startsWith('data: {')) continue
          const one = newsOf(line.slice('data: '.length))
          if (one === undefined) return giveUp()
          yield one
        }
      } catch {
        // It was closed, here or there.
      } finally {
        callOff()
        signal.removeEventListener('abort', end)
      }
    }
    return {
      news: news(),
      async check(why) {
        const late = new AbortController()
        const callOffPost = after(TIMEOUT_MS, () => late.abort())
        const options = { method: 'POST', headers, redirect: 'error', signal: late.signal } as const
        const isAsked = await fetch(`${address}/check?wish=${why}`, options).then(
          async (reply) => {
            await reply.body?.cancel()
            return reply.ok
          },
          () => false,
        )
        callOffPost()
        if (!isAsked) giveUp()
      },
    }
  }
}

/** Server-sent events have their data on one line each. */
async function* linesOf(text: ReadableStreamDefaultReader<string>): AsyncGenerator<string> {
  let rest = ''
  for (;;) {
    const { done, value } = await text.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
