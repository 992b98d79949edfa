import { shownPath } from '../check/host/shown-path.ts'
import type { typeWarning } from '../check/host/type-error.ts'
import type { Checker, CheckResult } from '../check/index.ts'
import type { LessonSummary } from '../course/index.ts'
import {
  keepLastRun,
  maySeeSolution,
  openLesson,
  readLastRun,
  recordCheck,
  resetLesson,
} from '../learner/index.ts'
import { passedOf } from '../progress/index.ts'
import type { Recording } from '../recording/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import { diffPanel, helpPanel, hintPanel, listPanel, type PanelSource, solutionPanel } from './panels.ts'
import type { Action, News, Panel, WatchState } from './state.ts'
import { watchFile } from './watch-file.ts'

export interface WatchOptions extends PanelSource {
  readonly checker: Pick<Checker, 'check' | 'record'>
  readonly redis: Pick<RunningRedis, 'description' | 'limits'>
  readonly slug: string
  /** The folder of the learner's own answers to build on; undefined for the model answers. */
  readonly mine?: string | undefined
  /** Replaces TypeScript. */
  readonly typeWarning?: typeof typeWarning
  /** The lessons that the learner plans to do, in order: where next and previous lead. */
  readonly way: readonly LessonSummary[]
  /** Go to the next lesson as soon as one is passed. */
  readonly advance?: boolean
  readonly poll?: boolean
  readonly now?: () => Date
  onState(state: WatchState): void
  onResult?(result: CheckResult): void
  /** The source of sentences that don't come from the watch itself, but from a class. */
  news?(tell: (news: News) => void): void
  /** Steps through a recording; resolves when the terminal is ours again. */
  explore?(recording: Recording): Promise<void>
  /** Opens the learner's file; resolves when the terminal is ours again. */
  openEditor?(file: string): Promise<void>
}

/** Minimum time (ms) between the arrival of news and a key press that counts as having read it. */
const READING = 2_000

/** One learner at one lesson at a time: their file, the last verdict, and what they asked for. */
export class WatchSession {
  readonly #options: WatchOptions
  #lesson: LessonSummary
  #watcher: { close(): void } | undefined
  #state: WatchState
  #news: { readonly news: News; readonly since: number } | undefined
  /** Resolves when the last failed check has been recorded, or can't be. */
  #kept: Promise<void> = Promise.resolve()
  /** Belongs to the check in progress. */
  #checking = new AbortController()
  #done = () => {}
  readonly finished = new Promise<void>((resolve) => {
    this.#done = resolve
  })

  private constructor(options: WatchOptions, lesson: LessonSummary) {
    this.#options = options
    this.#lesson = lesson
    this.#state = this.#fresh()
  }

  /** Creates the lesson's file if needed, watches it and checks it at once. */
  static async open(options: WatchOptions): Promise<WatchSession> {
    const lesson = options.course.lessons.find(({ slug }) => slug === options.slug)
    if (lesson === undefined) throw new Error(`There's no lesson ${options.slug}.`)
    const session = new WatchSession(options, lesson)
    await session.#enter(lesson)
    options.news?.((news) => session.#hear(news))
    return session
  }

  get state(): WatchState {
    return this.#state
  }

  close(): void {
    this.#checking.abort()
    this.#watcher?.close()
    this.#done()
  }

  /** Does what a key asks for. While a question is open, see `answer`. */
  async act(action: Action): Promise<void> {
    switch (action) {
      case 'quit':
        return this.close()
      case 'run':
        return await this.#check()
      case 'hint':
        return this.#show(await hintPanel(this.#options, this.#lesson.slug, this.#state.result))
      case 'explore':
        return await this.#explore()
      case 'diff':
      case 'solution':
        if (maySeeSolution(this.#options, this.#lesson.slug)) return await this.#reveal(action)
        return this.#set({
          question: {
            text: 'Show the solution? A pass after this counts as "passed after the solution".',
            action,
          },
        })
      case 'reset':
        return this.#set({ question: { text: 'Start over? Your file is kept under a dated name.', action } })
      case 'list':
        return this.#show(listPanel(this.#options, this.#lesson.slug))
      case 'help':
        return this.#show(helpPanel)
      case 'next':
        return await this.#move(1)
      case 'previous':
        return await this.#move(-1)
      case 'editor':
        return await this.#edit()
      default:
        action satisfies never
    }
  }

  /** A key was pressed, any key: the learner is looking at the screen. */
  look(): void {
    const { now = () => new Date() } = this.#options
    if (this.#news === undefined || now().getTime() - this.#news.since < READING) return
    this.#news.news.seen()
    this.#news = undefined
    this.#set({ news: undefined })
  }

  #hear(news: News): void {
    const { now = () => new Date() } = this.#options
    this.#news = news.text === '' ? undefined : { news, since: now().getTime() }
    this.#set({ news: this.#news?.news.text })
  }

  async answer(yes: boolean): Promise<void> {
    const { question } = this.#state
    this.#set({ question: undefined })
    if (question === undefined || !yes) return
    if (question.action !== 'reset') return await this.#reveal(question.action)
    await this.#reset()
  }

  async #reveal(what: 'solution' | 'diff'): Promise<void> {
    const panel = what === 'solution' ? solutionPanel : diffPanel
    this.#show(await panel(this.#options, this.#lesson.slug))
  }

  async #reset(): Promise<void> {
    const { now = () => new Date() } = this.#options
    const { slug } = this.#lesson
    const { keptAs } = await resetLesson(this.#options, slug, now())
    this.#set({
      panel: undefined,
      notice:
        keptAs === undefined ? 'Started over.' : `Started over. Your old answer is ${this.#shown(keptAs)}.`,
    })
  }

  async #enter(lesson: LessonSummary): Promise<void> {
    const { home, poll = false } = this.#options
    this.#checking.abort()
    this.#watcher?.close()
    this.#lesson = lesson
    const { isNew } = await openLesson(this.#options, lesson.slug)
    this.#state = this.#fresh()
    this.#set({ notice: isNew ? `Your file is ready: ${this.#state.file}` : undefined })
    const gone = `${this.#state.file} is gone. Press x to start over.`
    this.#watcher = watchFile(
      home.answer(lesson.slug),
      {
        onContent: (content) => {
          if (this.#state.notice === gone) this.#set({ notice: undefined })
          void this.#check(content)
        },
        onGone: () => {
          this.#checking.abort()
          this.#set({ checking: false, notice: gone })
        },
        onDeaf: () =>
          this.#set({
            notice:
              "This folder doesn't report changes, so your file is checked for them several times a second.",
          }),
      },
      { poll },
    )
  }

  /** Saves sometimes come faster than verdicts: each stops the check of the one before, which then has no verdict. */
  async #check(content?: Uint8Array): Promise<void> {
    const { checker, home, onResult, advance } = this.#options
    this.#checking.abort()
    this.#checking = new AbortController()
    const { signal } = this.#checking
    const { slug } = this.#lesson
    this.#set({ checking: true })
    const onNotice = (notice: string) => !signal.aborted && this.#set({ notice })
    const checked = await checker
      .check(slug, home.target(slug), {
        signal,
        onNotice,
        record: true,
        ...(content !== undefined && { content }),
      })
      .catch((error: unknown) => sentenceOf(error))
    if (signal.aborted) return
    // A problem that prevents a verdict is shown, and watching continues: the next save may have better luck.
    if (typeof checked === 'string') return this.#set({ checking: false, notice: checked })
    const result = { ...checked, target: 'workspace' }
    this.#set({ checking: false, result, warning: undefined, panel: undefined, notice: undefined })
    onResult?.(result)
    await recordCheck(this.#options, result)
    this.#set(this.#counts())
    if (result.passed && advance === true) await this.#move(1)
    else {
      void this.#lookAtTypes(result, signal)
      if (!result.passed) this.#kept = this.#keepRun(signal)
    }
  }

  /** Between the verdict and the next save, which ends it. */
  async #keepRun(signal: AbortSignal): Promise<void> {
    const { checker, home } = this.#options
    const recording = await checker.record({ signal })
    if (recording !== undefined && !signal.aborted) keepLastRun(home, recording)
  }

  async #explore(): Promise<void> {
    const { explore, home } = this.#options
    await this.#kept // it takes as long as the test does
    const recording = await readLastRun(home)
    if (explore === undefined || recording?.lesson !== this.#lesson.slug) {
      const notice = 'No run of this lesson has been recorded yet. The next check that fails is recorded.'
      return this.#set({ notice })
    }
    await explore(recording)
    this.#set({})
  }

  /** Between the verdict and the next save. */
  async #lookAtTypes(result: CheckResult, signal: AbortSignal): Promise<void> {
    const { course, home, mine } = this.#options
    const ask = this.#options.typeWarning ?? (await import('../check/host/type-error.ts')).typeWarning
    const file = home.answer(result.lesson)
    const warning = await ask(result, { root: course.root, file, mine, signal })
    if (!signal.aborted && warning !== undefined) this.#set({ warning })
  }

  async #move(by: 1 | -1): Promise<void> {
    const { way } = this.#options
    const here = Number(this.#lesson.number)
    const next =
      by > 0
        ? way.find(({ number }) => Number(number) > here)
        : way.findLast(({ number }) => Number(number) < here)
    if (next !== undefined) return await this.#enter(next)
    this.#set({ notice: by > 0 ? 'This is the last lesson.' : 'This is the first lesson.' })
  }

  async #edit(): Promise<void> {
    const { openEditor, home } = this.#options
    if (openEditor === undefined) return this.#set({ notice: `Your file: ${this.#state.file}` })
    await openEditor(home.answer(this.#lesson.slug)).catch((error: unknown) =>
      this.#set({ notice: sentenceOf(error) }),
    )
    this.#set({})
  }

  #fresh(): WatchState {
    const { redis, home } = this.#options
    return {
      slug: this.#lesson.slug,
      title: this.#lesson.title,
      ...this.#counts(),
      file: this.#shown(home.answer(this.#lesson.slug)),
      redis: redis.description,
      limits: redis.limits,
      checking: false,
      result: undefined,
      warning: undefined,
      panel: undefined,
      question: undefined,
      notice: undefined,
      news: this.#news?.news.text,
    }
  }

  #counts(): { readonly done: number; readonly total: number } {
    const { way, progress } = this.#options
    return { done: passedOf(progress.overview(), way), total: way.length }
  }

  #shown(file: string): string {
    return shownPath(this.#options.course.root, file)
  }

  #show(panel: Panel): void {
    this.#set({ panel, notice: undefined })
  }

  #set(change: Partial<WatchState>): void {
    this.#state = { ...this.#state, ...change }
    this.#options.onState(this.#state)
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
