import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult } from '../check/index.ts'
import type { LessonSummary } from '../course/index.ts'
import type { LookBeside } from '../learner/beside.ts'
import { openLesson } from '../learner/index.ts'
import { allBelow } from '../learner/own-so-far.ts'
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
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine?: string | undefined
  readonly poll?: boolean
  /** Looks for an open workbench, which then does all checks. */
  readonly beside?: LookBeside
}

interface EarlierAnswer {
  readonly file: string
  /** Undefined if there's no such file. */
  readonly content: Buffer | undefined
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
  #watchers: readonly { close(): void }[] = []

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
    const earlier = await this.#earlierAnswers()
    if (this.#end.signal.aborted) return
    const { file } = this.#shown.state
    this.#shown.set({ notice: isNew ? `Your file is ready: ${file}` : undefined })
    const gone = `${file} is gone. Press x to start over.`
    const own = watchFile(
      home.answer(this.lesson.slug),
      {
        onContent: (content) => {
          // A learner who saves is in their editor, and no longer about to answer a question here.
          const isBack = this.#shown.state.notice === gone
          this.#shown.set({ question: undefined, ...(isBack && { notice: undefined }) })
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
      { poll, atOnce: true }, // the next save stops the check of the one before
    )
    this.#watchers = [own, ...earlier.map((answer) => this.#watchEarlier(answer))]
  }

  /** The learner's own files that the lesson is built on, as the first check finds them. */
  async #earlierAnswers(): Promise<readonly EarlierAnswer[]> {
    const { course, mine } = this.#options
    if (mine === undefined) return []
    const files = [...allBelow(course, this.lesson)].map((slug) => join(mine, `${slug}.ts`))
    return await Promise.all(
      files.map(async (file) => ({ file, content: await readFile(file).catch(() => undefined) })),
    )
  }

  /** A bug may be in an earlier lesson's file, so saving that one is checked here, too. */
  #watchEarlier({ file, content }: EarlierAnswer): { close(): void } {
    let last = content
    const onNews = (now: Buffer | undefined) => {
      const isSame = now === undefined ? last === undefined : last?.equals(now) === true
      last = now
      if (!isSame) void this.checkAgain()
    }
    const { poll = false } = this.#options
    return watchFile(file, { onContent: onNews, onGone: () => onNews(undefined) }, { poll })
  }

  end(): void {
    this.#end.abort()
    this.#checking.stop()
    for (const watcher of this.#watchers) watcher.close()
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
