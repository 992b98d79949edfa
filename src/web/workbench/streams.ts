import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { untilWoken } from '../../http/index.ts'
import type { BesideNews } from '../../learner/beside.ts'
import type { Bench } from './bench.ts'
import type { BenchState } from './protocol.ts'

/** Interval between signs of life, in milliseconds; a page that hears nothing for longer connects again. */
const PING_EVERY = 10_000

/** For a page: the state now, and after every change. */
export function streamStates(context: Context, bench: Bench): Response {
  return stream(context, bench, (state) => state)
}

/** For `watch`: the last verdict, and each one after it. It ends when the file becomes unusable here. */
export function streamVerdicts(context: Context, bench: Bench): Response {
  let told: Bench['told']
  return stream(context, bench, ({ file, checking, notice, verdict, recording }): BesideNews | undefined => {
    if (file.kind === 'unusable') return undefined
    const isNew = bench.told !== told
    told = bench.told
    return {
      checking,
      isRecording: recording === 'coming' && verdict?.passed === false,
      ...(notice !== undefined && { notice }),
      ...(isNew && { verdict: told ?? null }),
    }
  })
}

/** A client that reads slowly gets only the newest. Ends when there's nothing more to view. */
function stream(context: Context, bench: Bench, view: (state: BenchState) => object | undefined): Response {
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
        const viewed = state && view(state)
        if (state !== undefined && viewed === undefined) return
        if (viewed === undefined) await stream.writeSSE({ event: 'ping', data: '' })
        else await stream.writeSSE({ event: 'state', data: JSON.stringify(viewed) })
        if (next === undefined && isOpen) await untilWoken(PING_EVERY, (resolve) => (wake = resolve))
      }
    } finally {
      unfollow()
    }
  })
}
