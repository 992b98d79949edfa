import { Worker } from 'node:worker_threads'
import { REPORT_FD } from './report.ts'

export interface Watchdog {
  /** Watches this answer after this call; before that the process only waits. */
  arm(secret: string, files: readonly string[]): void
}

const BEAT_MS = 50

/**
 * A thread that notices when the main thread is blocked: an endless loop, or memory use without end. It asks the
 * inspector where the main thread is, reports that on the report pipe, and ends the process.
 */
export function startWatchdog(supervisor: number): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./watchdog-thread.mjs', import.meta.url), {
    workerData: { beats, reportFd: REPORT_FD, supervisor },
    stdout: false,
  })
  worker.unref()
  const beat = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS)
  beat.unref()
  return { arm: (secret, files) => worker.postMessage({ secret, files }) }
}
