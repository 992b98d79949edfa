import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { rehearseRecording } from './rehearse.ts'

/** Loading is over by then, and a check that's under way has handed over its answer. */
const IDLE_MS = 50

/**
 * Has V8 compile what a recording needs and throw away what loading has left behind, unless the answer comes first:
 * otherwise it does so while the answer runs, which takes up to a third of that time. Returns a function that calls it
 * off.
 */
export function prepareWhenIdle(): () => void {
  const timer = setTimeout(() => {
    rehearseRecording()
    // Only here: in the answer's context there's no `gc`, as usual.
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    setFlagsFromString('--no-expose-gc')
    gc()
  }, IDLE_MS).unref() // a timer that counts would hide one that an answer leaves behind
  return () => clearTimeout(timer)
}
