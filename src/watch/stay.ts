import type { CheckResult } from '../check/index.ts'
import type { LessonSummary } from '../course/index.ts'
import type { LookBeside } from '../learner/beside.ts'
import { openLesson } from '../learner/index.ts'
import { watchFile } from '../learner/watch-file.ts'
import type { Checking } from './checking.ts'
import { counts, type StateSource } from './fresh-state.ts'
import type { WatchState } from './state.ts'
import { WorkbenchBeside } from './workbench.ts'

/** What's shown, and how to change it. */
interface Shown {
  readonly state: WatchState
  set(change: Partial<WatchState>): void
}

export interface StayOptions extends StateSource {
  readonly poll?: boolean
  /** Looks for an open workbench, which then does all checks. */
  readonly beside?: LookBeside
}

/** A learner's time at one lesson: their file, and the checks that follow from its saves. */
export class Stay {
  readonly lesson: LessonSummary
  readonly #options: StayOptions
  readonly #checking: Checking
  readonly #shown: Shown
  readonly #onJudged: (result: CheckResult, isOver: boolean) => Promise<void>
  readonly #end = new AbortController()
  readonly #beside: WorkbenchBeside
  #watcher: { close(): void } | undefined

  constructor(
    lesson: LessonSummary,
    options: StayOptions,
    checking: Checking,
    shown: Shown,
    onJudged: (result: CheckResult, isOver: boolean) => Promise<void>,
  ) {
    this.lesson = lesson
    this.#options = options
    this.#checking = checking
    this.#shown = shown
    this.#onJudged = onJudged
    this.#beside = this.#workbenchBeside()
  }

  /** Creates the lesson's file if needed, watches it, and checks it at once. */
  async begin(): Promise<void> {
    const { home, poll = false } = this.#options
    const { isNew } = await openLesson(this.#options, this.lesson.slug)
    if (this.#end.signal.aborted) return
    const { file } = this.#shown.state
    this.#shown.set({ notice: isNew ? `Your file is ready: ${file}` : undefined })
    const gone = `${file} is gone. Press x to start over.`
    this.#watcher = watchFile(
      home.answer(this.lesson.slug),
      {
        onContent: (content) => {
          if (this.#shown.state.notice === gone) this.#shown.set({ notice: undefined })
          void this.#beside.saved(content)
        },
        onGone: () => {
          this.#beside.gone()
          this.#checking.stop()
          this.#shown.set({ checking: false, notice: gone })
        },
        onDeaf: () =>
          this.#shown.set({
            notice:
              "This folder doesn't report changes, so your file is checked for them several times a second.",
          }),
      },
      { poll },
    )
  }

  end(): void {
    this.#end.abort()
    this.#checking.stop()
    this.#watcher?.close()
  }

  async checkAgain(): Promise<void> {
    await this.#beside.run()
  }

  /** Resolves when the last test that failed is recorded, here or in the workbench, or can't be. */
  async recorded(): Promise<void> {
    await Promise.all([this.#checking.kept, this.#beside.kept])
  }

  /** A workbench that's open checks the file, too, and each save counts once. */
  #workbenchBeside(): WorkbenchBeside {
    const { slug } = this.lesson
    let told: string | undefined
    return new WorkbenchBeside({
      slug,
      look: this.#options.beside,
      signal: this.#end.signal,
      check: async (content) => this.#judged(await this.#checking.check(slug, content)),
      onChecking: (checking, notice) => {
        // A notice of its own ends with its own; the others are this screen's.
        const isOver = notice === undefined && told === this.#shown.state.notice
        const isNew = notice !== undefined && notice !== told
        told = notice
        this.#shown.set({ checking, ...((isOver || isNew) && { notice }), ...counts(this.#options) })
      },
      onVerdict: (result) => void this.#checking.hear(result).then((heard) => this.#judged(heard)),
      onStartedOver: () => {
        this.#checking.stop()
        const none = { result: undefined, checkedAt: undefined, passed: undefined, warning: undefined }
        const notice = 'The lesson was started over in the workbench. Your next save is checked.'
        this.#shown.set({ ...none, panel: undefined, notice })
      },
      onLost: () =>
        this.#shown.set({
          checking: false,
          notice: 'The workbench no longer checks this file. Your saves are checked here again.',
        }),
    })
  }

  async #judged(result: CheckResult | undefined): Promise<void> {
    if (result !== undefined) await this.#onJudged(result, this.#end.signal.aborted)
  }
}
