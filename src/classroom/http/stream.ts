import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { untilWoken } from '../../http/index.ts'
import type { Changes } from '../api.ts'
import type { Hub } from '../hub/hub.ts'

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
    let waiting: Changes[] = []
    let wake = () => {}
    const unfollow = hub.follow((changes) => {
      waiting.push(changes)
      wake()
    })
    const end = new Promise<void>((resolve) => stream.onAbort(resolve))
    let isOpen = true
    void end.then(() => {
      isOpen = false
      wake()
    })
    try {
      await stream.writeSSE({ event: 'overview', data: JSON.stringify(hub.overview()) })
      while (isOpen) {
        if (waiting.length === 0) await untilWoken(PING_EVERY, (resolve) => (wake = resolve))
        if (!isOpen || !isWanted()) break
        const [changes, ...more] = waiting
        waiting = []
        if (changes === undefined) await stream.writeSSE({ event: 'ping', data: '' })
        else if (more.length === 0) await stream.writeSSE({ event: 'changes', data: dataOf(changes) })
        else await stream.writeSSE({ event: 'overview', data: JSON.stringify(hub.overview()) })
      }
    } finally {
      unfollow()
      ended()
    }
  })
}

/** The same changes go to every page, so they're serialized once. */
const texts = new WeakMap<Changes, string>()

function dataOf(changes: Changes): string {
  const text = texts.get(changes) ?? JSON.stringify(changes)
  texts.set(changes, text)
  return text
}
