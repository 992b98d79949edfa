import type { Redis } from 'ioredis'
import type { Turn } from './turn.ts'

/** Something to note in the recording when everything issued before it has been sent. */
export interface Remark {
  readonly client: Redis
  readonly note: () => void
}

/** What waits at the gate: a command, a remark, or a look at the keys, which goes first. */
export type Job = Turn | Remark | (() => Promise<void>)

/** Decides what goes next: what's here from the connection that went last or, if nothing is, what came first. */
export class GateQueue {
  readonly #jobs: Job[] = []
  #lastClient: Redis | undefined

  push(job: Turn | Remark): void {
    this.#jobs.push(job)
  }

  /** Before all others. */
  urgently(look: () => Promise<void>): void {
    this.#jobs.unshift(look)
  }

  next(): Job | undefined {
    const isUrgent = typeof this.#jobs[0] === 'function'
    const at = isUrgent
      ? 0
      : this.#jobs.findIndex((job) => typeof job !== 'function' && job.client === this.#lastClient)
    const [next] = this.#jobs.splice(Math.max(at, 0), 1)
    this.#lastClient = typeof next === 'function' ? undefined : next?.client
    return next
  }

  /**
   * Takes what has to be on its way together with a command: the rest of its transaction, if that's in a pipeline.
   * Between MULTI and EXEC nothing is executed, and if the connection breaks, ioredis gives up on all of it. Where
   * replies are going to be lost, it's the rest of any pipeline, because all of its replies are lost then.
   */
  takeWith({ record }: Turn, isLossy: boolean): readonly Turn[] {
    const parts = this.#partsOf(record.pipeline)
    if (isLossy) return this.#take(parts)
    const end = record.name === 'MULTI' ? parts.findIndex((part) => part.record.name === 'EXEC') : -1
    return this.#take(parts.slice(0, end + 1))
  }

  #partsOf(pipeline: object | undefined): readonly Turn[] {
    if (pipeline === undefined) return []
    return this.#jobs.filter((job): job is Turn => 'record' in job && job.record.pipeline === pipeline)
  }

  #take(turns: readonly Turn[]): readonly Turn[] {
    for (const turn of turns) this.#jobs.splice(this.#jobs.indexOf(turn), 1)
    return turns
  }
}
