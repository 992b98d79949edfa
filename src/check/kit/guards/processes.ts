import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'
import { reportViolation } from './violations.ts'

let guarded = false
/** Whether it's the kit that starts a process at the moment. */
let isOurs = false

/** Lets the kit start a process: `start` returns what it started. */
export function startOwn<T>(start: () => T): T {
  isOurs = true
  try {
    return start()
  } finally {
    isOurs = false
  }
}

/**
 * Refuses to start a process or a thread after this call, because it could outlive the check. An import of the modules
 * for that is refused when an answer is bundled, but `process.getBuiltinModule` and an import whose name isn't known
 * until it runs lead to them as well.
 */
export function guardProcesses(): void {
  if (guarded) return
  guarded = true
  // `spawn`, `exec`, `execFile`, and `fork` all end up there.
  const { prototype } = childProcess.ChildProcess as unknown as {
    readonly prototype: { spawn(...args: readonly unknown[]): unknown }
  }
  const spawn = prototype.spawn
  prototype.spawn = function guardedSpawn(...args) {
    return isOurs ? Reflect.apply(spawn, this, args) : refuse(PROCESS)
  }
  const refuseProcess = () => refuse(PROCESS)
  Object.assign(childProcess, {
    spawnSync: refuseProcess,
    execSync: refuseProcess,
    execFileSync: refuseProcess,
  })
  Object.assign(threads, {
    Worker: class {
      constructor() {
        refuse('Your code tried to start a thread.')
      }
    },
  })
  Object.assign(process, { binding: () => refuse('Your code called `process.binding`.') })
  syncBuiltinESMExports()
}

const PROCESS = 'Your code tried to start another process.'

function refuse(what: string): never {
  const sentence = `${what} It has to stay inside its own process, where everything that it does can be stopped.`
  const error = new Error(sentence)
  reportViolation(sentence, error.stack)
  throw error
}
