import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, timed } from './median.ts'
import type { LineProgram } from './run-program.ts'

/** A right answer under `watch --json`, saved repeatedly. */
export interface WatchedAnswer {
  /** Resolves when its verdict is there. */
  save(): Promise<void>
  /**
   * Saves three times within 200 ms. When the verdict on the last one is there, resolves to the time since that save
   * in ms.
   */
  burst(): Promise<number>
}

export function watchedAnswer(watch: LineProgram, file: string, solution: string): WatchedAnswer {
  let saves = 0

  async function write(): Promise<void> {
    saves += 1
    await writeFile(file, `${solution}\nconsole.log('save ${saves}')\n`)
  }

  /** Verdicts on earlier saves may come before it. */
  async function verdict(): Promise<void> {
    for (;;) {
      const line = await watch.nextLine()
      const { passed, output } = JSON.parse(line) as { passed: boolean; output: string }
      if (!output.includes(`save ${saves}\n`)) continue
      if (!passed) throw new Error(`The solution didn't pass: ${line}`)
      return
    }
  }

  async function save(): Promise<void> {
    await write()
    await verdict()
  }

  return {
    save,
    async burst() {
      for (let first = 0; first < 2; first += 1) {
        await write()
        await sleep(90)
      }
      return await timed(save)
    },
  }
}

export interface Burst {
  readonly ms: number
  readonly singleMs: number
  readonly ratio: number
}

/**
 * Three saves in a row compared with one, alternating: how long the newest waits for the checks that it overtook.
 * Medians.
 */
export async function measureBurst(answer: WatchedAnswer, times: number): Promise<Burst> {
  const [bursts, singles]: [number[], number[]] = [[], []]
  for (let i = 0; i < times; i += 1) {
    bursts.push(await answer.burst())
    await sleep(1_000) // for the processes that wait for the next save
    singles.push(await timed(answer.save))
    await sleep(1_000)
  }
  const [ms, singleMs] = [median(bursts), median(singles)]
  return {
    ms: Math.round(ms),
    singleMs: Math.round(singleMs),
    ratio: Math.round((ms / singleMs) * 100) / 100,
  }
}
