import { existsSync, readFileSync } from 'node:fs'

/** What the system says about this process's main thread. */
export interface MainThread {
  /** `R` runs or waits for a processor, `S` sleeps, `D` waits for a disk or swapped-out memory. Only on Linux. */
  readonly state: string | undefined
  /** Processor time (µs) since the process began; on other systems, that of all its threads. */
  readonly used: number
}

/** Linux counts in hundredths of a second, whatever the processor: proc(5), `utime` and `stime`. */
const TICK = 10_000

const STAT = `/proc/self/task/${process.pid}/stat`
const isTold = existsSync(STAT)

/** Undefined if it can't be read this time. */
export function mainThread(): MainThread | undefined {
  if (!isTold) {
    const { user, system } = process.cpuUsage()
    return { state: undefined, used: user + system }
  }
  try {
    return parseStat(readFileSync(STAT, 'utf8'))
  } catch {
    return undefined // out of file descriptors, for example: another clock in between would make time jump
  }
}

/** A `stat` file of proc(5). The name, in parentheses, may contain spaces and parentheses itself. */
export function parseStat(stat: string): MainThread {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[10]), Number(fields[11])]
  if (Number.isNaN(user + system)) throw new Error(`not a stat file: ${stat}`)
  return { state, used: (user + system) * TICK }
}

/** The time since the main thread's last beat. */
export interface Quiet {
  /** How often the watchdog has looked since then, once in `LOOK_MS`. */
  readonly looks: number
  /** Processor time since then (µs). */
  readonly spent: number
  /** How many of the last looks in a row found it asleep; undefined where the system doesn't say. */
  readonly asleep: number | undefined
}

export const LOOK_MS = 100
/**
 * Processor time without a beat of the main thread after which it counts as looping (µs), however long that takes on
 * a busy machine.
 */
const LOOP_TIME = 3_000_000
/**
 * Looks in a row without a beat and without processor use: the thread sleeps in a synchronous wait. That's rarer, so
 * more patience.
 */
const ASLEEP_LOOKS = 80
/** A sleeping thread uses less of the processor than this share; one that shares it with many others gets more. */
const ASLEEP_SHARE = 1 / 8

/** Whether the main thread is stuck in a loop or in a synchronous wait, and not just short of a processor or a disk. */
export function isStuck({ looks, spent, asleep }: Quiet): boolean {
  if (spent >= LOOP_TIME) return true
  if (asleep !== undefined) return asleep >= ASLEEP_LOOKS
  return looks >= ASLEEP_LOOKS && spent < looks * LOOK_MS * 1_000 * ASLEEP_SHARE
}
