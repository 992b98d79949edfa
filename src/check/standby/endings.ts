import type { Failure } from './messages.ts'
import { placeIn } from './places.ts'

export interface EndingGuard {
  /** From here on it is this answer whose endings are reported. */
  watch(say: (failure: Failure) => void): void
  /** Its first attempt to end the process that did not end it. */
  attempted(): Failure | undefined
}

/** Ways for an answer to end the process it runs in: each says so first. */
export function guardEndings(): EndingGuard {
  let say: (failure: Failure) => void = () => {}
  let attempt: Failure | undefined
  const leave = process.exit.bind(process)
  const kill = process.kill.bind(process)
  const own = process.pid
  process.exit = (code) => {
    say(failure(`process.exit(${code ?? ''})`))
    return leave(1)
  }
  process.abort = () => {
    say(failure('process.abort()'))
    return leave(1)
  }
  process.kill = (pid, signal) => {
    attempt = failure(`process.kill(${pid === own ? 'process.pid' : pid})`)
    if (signal === 0 || signal === undefined) {
      // Only a question whether the process lives, or a polite end: refused like the others, the check needs its processes.
    }
    say(attempt)
    kill(own, 'SIGKILL')
    return true
  }
  return {
    watch(tell) {
      say = tell
      attempt = undefined
    },
    attempted: () => attempt,
  }
}

function failure(what: string): Failure {
  return {
    diagnosis: `Your code called ${what}: that ends the whole program, for everybody who uses your function. Return a value or throw an error, and leave it to the caller what happens then.`,
    ...placeIn(new Error(what).stack),
  }
}
