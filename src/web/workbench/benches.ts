import { Bench, type BenchOptions } from './bench.ts'

/** A bench for each lesson of the course, from the first time that it's asked for. */
export class Benches {
  readonly #options: BenchOptions
  readonly #open = new Map<string, Bench>()

  constructor(options: BenchOptions) {
    this.#options = options
  }

  /** Undefined for anything but the exact name of a lesson. */
  of(slug: string): Bench | undefined {
    const lesson = this.#options.learner.course.lessons.find((one) => one.slug === slug)
    if (lesson === undefined) return undefined
    const bench = this.#open.get(slug) ?? new Bench(lesson, this.#options)
    this.#open.set(slug, bench)
    return bench
  }

  close(): void {
    for (const bench of this.#open.values()) bench.close()
  }
}
