import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { untilWoken } from '../../http/index.ts'
import type { Bench } from './bench.ts'
import type { BenchState, VerdictNews } from './protocol.ts'

/** Interval between signs of life, in milliseconds; a page that hears nothing for longer connects again. */
const PING_EVERY = 10_000

/** For a page: the state now, and after every change. */
export function streamStates(context: Context, bench: Bench): Response {
  return stream(context, bench, (state) => state)
}

/** For `watch`: each verdict once, when it's recorded. */
export function streamVerdicts(context: Context, bench: Bench): Response {
  let told: VerdictNews['result']
  return stream(context, bench, ({ checking, notice, verdict, file }): VerdictNews => {
    const { recorded: result } = bench
    const isNew = result !== undefined && result !== told
    told = result
    return {
      checking,
      isOld: verdict === undefined || !('hash' in file) || file.hash !== verdict.hash,
      ...(notice !== undefined && { notice }),
      ...(isNew && { result }),
    }
  })
}

/** A client that reads slowly gets only the newest. */
function stream(context: Context, bench: Bench, view: (state: BenchState) => object): Response {
  context.header('x-accel-buffering', 'no')
  return streamSSE(context, async (stream) => {
    let next: BenchState | undefined = bench.state
    let isOpen = true
    let wake = () => {}
    const unfollow = bench.follow((state) => {
      next = state
      wake()
    })
    stream.onAbort(() => {
      isOpen = false
      wake()
    })
    try {
      while (isOpen) {
        const state = next
        next = undefined
        if (state === undefined) await stream.writeSSE({ event: 'ping', data: '' })
        else await stream.writeSSE({ event: 'state', data: JSON.stringify(view(state)) })
        if (next === undefined && isOpen) await untilWoken(PING_EVERY, (resolve) => (wake = resolve))
      }
    } finally {
      unfollow()
    }
  })
}
