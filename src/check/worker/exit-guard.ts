import { constants } from 'node:os'
import type { Failure } from '../protocol.ts'
import { placeIn } from './source-location.ts'

const { SIGKILL } = constants.signals

export interface EndingGuard {
  /** Reports the endings of this answer after this call. */
  watch(say: (failure: Failure) => void): void
  /** Its first attempt to end the process that didn't end it. */
  attempted(): Failure | undefined
}

/** Catches every way for an answer to end its process, and reports it first. */
export function guardEndings(): EndingGuard {
  let say: (failure: Failure) => void = () => {}
  let attempt: Failure | undefined
  const leave = process.exit.bind(process)
  // Undocumented, and what `process.kill` calls in the end.
  const inside = process as unknown as { _kill(pid: number, signal: number): number }
  const kill = inside._kill.bind(process)
  const own = process.pid
  process.exit = (code) => {
    say(failure(`process.exit(${code ?? ''})`))
    return leave(1)
  }
  process.abort = () => {
    say(failure('process.abort()'))
    return leave(1)
  }
  process.kill = (pid) => {
    // Whatever the signal: even the question whether a process is alive is refused, because the check needs its own.
    attempt = failure(`process.kill(${pid === own ? 'process.pid' : pid})`)
    say(attempt)
    kill(own, SIGKILL)
    return true
  }
  inside._kill = (pid) => {
    say(failure(`process._kill(${pid === own ? 'process.pid' : pid})`))
    return kill(own, SIGKILL)
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
    diagnosis: `Your code called \`${what}\`, which ends the whole program for everyone who uses your function. Return a value or throw an error, and let the caller decide what happens next.`,
    ...placeIn(new Error(what).stack),
  }
}
