import type { CheckResult } from '../../check/index.ts'
import type { Beside, BesideNews, LookBeside } from '../../learner/beside.ts'
import type { Home } from '../../learner/index.ts'
import type { VerdictNews } from './protocol.ts'
import { runningOf } from './running.ts'

/** Maximum wait (ms) for the workbench to answer. */
const PATIENCE = 3_000

/** Looks for an open workbench of this home, and follows it. */
export function besideWorkbench(home: Pick<Home, 'log'>): LookBeside {
  return async (slug, news) => {
    const running = runningOf(home)
    if (running?.key === undefined) return undefined
    const origin = `http://127.0.0.1:${running.port}`
    const address = `${origin}/workbench/${slug}`
    const headers = { authorization: `Bearer ${running.key}`, origin }
    const closing = new AbortController()
    const check = async () => {
      await fetch(`${address}/check?wish=asked`, { method: 'POST', headers }).catch(() => {})
    }
    const late = setTimeout(() => closing.abort(), PATIENCE)
    const response = await fetch(`${address}/verdicts`, {
      headers,
      redirect: 'error',
      signal: closing.signal,
    }).catch(() => undefined)
    clearTimeout(late)
    if (response?.ok !== true || response.body === null) return undefined
    void pass(response.body, news, check).then(() => {
      if (!closing.signal.aborted) news.onLost()
    })
    return { check, close: () => closing.abort() } satisfies Beside
  }
}

/** Until the stream ends. */
async function pass(
  body: NonNullable<Response['body']>,
  news: BesideNews,
  check: () => Promise<void>,
): Promise<void> {
  let isFirst = true
  try {
    for await (const data of eventsIn(body)) {
      const { checking, notice, result, isOld } = JSON.parse(data) as VerdictNews
      news.onChecking(checking, notice)
      if (result !== undefined) news.onVerdict(result as CheckResult)
      // The page may have been closed when the file was last saved.
      if (isFirst && isOld && !checking) void check()
      isFirst = false
    }
  } catch {
    // It was closed, here or there.
  }
}

/** The data of server-sent events, each of which is on one line. */
async function* eventsIn(body: NonNullable<Response['body']>): AsyncGenerator<string> {
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (/^data: ./.test(line)) yield line.slice('data: '.length)
  }
}
