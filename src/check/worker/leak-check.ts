import { setTimeout as sleep } from 'node:timers/promises'
import { warmUp } from '../kit/sandbox.ts'

/** Connections that were asked to close need a moment. */
const LOOKS = 100
const BETWEEN_LOOKS_MS = 5
/** Far below what the watchdog considers hoarding, so that the next answer isn't blamed for this one's memory. */
const MOST_MEMORY = 200 * 1024 * 1024

/**
 * Remembers what the process holds before an answer runs in it; call it when the sandbox is warm. The returned
 * function warms the sandbox up again and returns whether the process holds no more than before: no timer,
 * connection, process or file that keeps it alive, no new global name, little memory.
 */
export function watchLeftovers(): () => Promise<boolean> {
  const resources = openResources()
  const globals = Reflect.ownKeys(globalThis).length
  return async () => {
    await warmUp()
    for (let look = 0; look < LOOKS && openResources() !== resources; look += 1) await sleep(BETWEEN_LOOKS_MS)
    return (
      openResources() === resources &&
      Reflect.ownKeys(globalThis).length === globals &&
      process.memoryUsage().rss < MOST_MEMORY
    )
  }
}

const PASSING = new Set(['Immediate', 'ConnectWrap', 'CloseReq'])

/** What keeps the process alive, by kind, as one string. Things that come and go within a turn are left out. */
function openResources(): string {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !PASSING.has(kind))
    .toSorted()
    .join()
}
