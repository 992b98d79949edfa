import type { typeWarning } from '../check/host/type-error.ts'
import type { Checker, CheckResult } from '../check/index.ts'
import { sentenceOf } from '../common/errors.ts'
import { keepLastRun, recordCheck } from '../learner/index.ts'
import type { PanelSource } from './panels.ts'
import type { Sharing } from './sharing.ts'
import type { WatchState } from './state.ts'

export interface CheckingOptions extends PanelSource {
  readonly checker: Pick<Checker, 'check' | 'record'>
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine?: string | undefined
  /** Replaces TypeScript. */
  readonly typeWarning?: typeof typeWarning
  /** Go to the next lesson as soon as one is passed. */
  readonly advance?: boolean
  readonly now?: () => Date
  onResult?(result: CheckResult): void
  /** What to say about a pass, as Markdown. */
  passedText?(result: CheckResult): Promise<string>
}

/** From a save to its verdict, and what follows until the next save: the first type error, and a recording. */
export class Checking {
  readonly #options: CheckingOptions
  readonly #sharing: Sharing
  readonly #show: (change: Partial<WatchState>) => void
  /** Belongs to the check in progress. */
  #current = new AbortController()
  /** Resolves when the last failed check has been recorded, or can't be. */
  kept: Promise<void> = Promise.resolve()
  /** Resolves when every verdict is recorded, and its file has been looked at for a type error. */
  #afterwards: Promise<unknown> = Promise.resolve()

  constructor(options: CheckingOptions, sharing: Sharing, show: (change: Partial<WatchState>) => void) {
    this.#options = options
    this.#sharing = sharing
    this.#show = show
  }

  stop(): void {
    this.#current.abort()
  }

  /** Stops, and resolves when everything that was shown is recorded. */
  async close(): Promise<void> {
    this.stop()
    await Promise.allSettled([this.kept, this.#afterwards])
  }

  /**
   * Saves sometimes come faster than verdicts: each stops the check of the one before, which then has no verdict.
   * Resolves with the verdict once it's recorded.
   */
  async check(slug: string, content?: Uint8Array): Promise<CheckResult | undefined> {
    const { checker, home } = this.#options
    const signal = this.#next()
    this.#show({ checking: true })
    const onNotice = (notice: string) => !signal.aborted && this.#show({ notice })
    const result = await this.#sharing.check(() =>
      signal.aborted
        ? Promise.resolve('stopped')
        : checker
            .check(slug, home.target(slug), {
              signal,
              onNotice,
              record: true,
              ...(content !== undefined && { content }),
            })
            .catch((error: unknown) => sentenceOf(error)),
    )
    if (signal.aborted) return undefined
    // A problem that prevents a verdict is shown, and watching continues: the next save may have better luck.
    if (typeof result === 'string') {
      this.#show({ checking: false, notice: result })
      return undefined
    }
    // Before the verdict is shown, because a learner who sees it may ask for the recording.
    if (!result.passed) this.kept = this.#keepRun(result, signal)
    await this.#judged(result, signal, () => recordCheck(this.#options, result))
    return result
  }

  /** Shows a verdict that another program has reached and recorded; undefined if a newer one comes before it's shown. */
  async hear(result: CheckResult): Promise<CheckResult | undefined> {
    const signal = this.#next()
    await this.#sharing.check(async () => {}) // a new verdict ends a visit
    if (signal.aborted) return undefined
    await this.#judged(result, signal, async () => {})
    return result
  }

  #next(): AbortSignal {
    this.#current.abort()
    this.#current = new AbortController()
    return this.#current.signal
  }

  async #judged(result: CheckResult, signal: AbortSignal, record: () => Promise<void>): Promise<void> {
    const { onResult, advance, passedText, now = () => new Date() } = this.#options
    const fresh = { result, checkedAt: now(), passed: undefined, warning: undefined, panel: undefined }
    this.#show({ ...fresh, checking: false, notice: undefined })
    onResult?.(result)
    const recorded = record()
    this.#afterwards = Promise.allSettled([this.#afterwards, recorded])
    await recorded
    const passed = result.passed ? await passedText?.(result) : undefined
    if (!signal.aborted) this.#show({ passed })
    if (signal.aborted || (result.passed && advance === true)) return
    this.#afterwards = Promise.allSettled([this.#afterwards, this.#lookAtTypes(result, signal)])
  }

  async #keepRun(of: CheckResult, signal: AbortSignal): Promise<void> {
    const { checker, home } = this.#options
    const recording = await this.#sharing.aside(() => checker.record({ of, signal }))
    if (recording !== undefined && !signal.aborted) keepLastRun(home, recording)
  }

  async #lookAtTypes(result: CheckResult, signal: AbortSignal): Promise<void> {
    const { course, home, mine } = this.#options
    const ask = this.#options.typeWarning ?? (await import('../check/host/type-error.ts')).typeWarning
    const file = home.answer(result.lesson)
    const warning = await ask(result, { root: course.root, file, mine, signal })
    if (!signal.aborted && warning !== undefined) this.#show({ warning })
  }
}
