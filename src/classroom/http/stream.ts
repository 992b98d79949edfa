import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { untilWoken } from '../../http/index.ts'
import type { Changes, Overview } from '../api.ts'
import type { Hub } from '../hub/hub.ts'
import { Missed } from './missed.ts'

const PING_EVERY = 15_000

/**
 * Server-sent events: the whole state first, then the changes. A page that reads too slowly gets the whole state
 * again instead of everything it missed. Ends once it isn't wanted anymore. `ended` is called once, however it ends.
 */
export function streamChanges(
  context: Context,
  hub: Hub,
  { isWanted, ended }: { readonly isWanted: () => boolean; readonly ended: () => void },
): Response {
  // Nothing in between may cache this.
  context.header('x-accel-buffering', 'no')
  return streamSSE(context, async (stream) => {
    const missed = new Missed()
    let wake = () => {}
    const unfollow = hub.follow((changes) => {
      missed.add(changes)
      wake()
    })
    const end = new Promise<void>((resolve) => stream.onAbort(resolve))
    let isOpen = true
    void end.then(() => {
      isOpen = false
      wake()
    })
    try {
      await stream.write(frameOf('overview', hub.overview()))
      while (isOpen) {
        if (missed.isEmpty) await untilWoken(PING_EVERY, (resolve) => (wake = resolve))
        if (!isOpen || !isWanted()) break
        const news = missed.take()
        if (news === undefined) await stream.write(frameOf('ping'))
        else if (news !== 'several') await stream.write(changesFrame(news))
        else await stream.write(frameOf('overview', hub.overview()))
      }
    } finally {
      unfollow()
      ended()
    }
  })
}

/** The same changes go to every page, so they're serialized once. */
const frames = new WeakMap<Changes, Uint8Array>()

function changesFrame(changes: Changes): Uint8Array {
  const frame = frames.get(changes) ?? frameOf('changes', changes)
  frames.set(changes, frame)
  return frame
}

const encoder = new TextEncoder()

/**
 * One event as it's sent. Hono's own `writeSSE` looks for line ends, which JSON doesn't have, and copies megabytes for
 * that several times.
 */
function frameOf(event: 'overview' | 'changes' | 'ping', data?: Overview | Changes): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${data === undefined ? '' : JSON.stringify(data)}\n\n`)
}
