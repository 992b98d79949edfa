import { sentenceOf } from '../common/errors.ts'
import { ownFolder } from '../common/own-folder.ts'
import { shownPath } from '../common/shown-path.ts'
import type { LessonSummary } from '../course/index.ts'
import {
  lastRunOf,
  maySeeSolution,
  noHintHere,
  resetLesson,
  spoilerQuestion,
  wishAfter,
} from '../learner/index.ts'
import { isPassed } from '../progress/index.ts'
import type { Recording } from '../recording/index.ts'
import { type Palette, palette as paletteOf } from '../terminal/index.ts'
import { Checking, type CheckingOptions } from './checking.ts'
import type { Elsewhere, Place, Visit, VisitEnd } from './elsewhere.ts'
import { counts, freshState } from './fresh-state.ts'
import { everything, helpText, hintPanel, type TextView } from './panels.ts'
import { Sharing } from './sharing.ts'
import type { Action, News, WatchState } from './state.ts'
import { Stay, type StayOptions } from './stay.ts'
import { UnreadNews } from './unread-news.ts'

export interface WatchOptions extends CheckingOptions, StayOptions {
  readonly slug: string
  /** For what has the terminal to itself. */
  readonly palette?: Palette
  onState(state: WatchState): void
  /** The source of sentences that don't come from the watch itself, but from a class. */
  news?(tell: (news: News) => void): void
  /** Opens the learner's file; resolves when the terminal is ours again. */
  openEditor?(file: string): Promise<void>
  /** Steps through a recording; resolves when the terminal is ours again. */
  explore?(recording: Recording): Promise<void>
  /** Where the rest is shown; without it, there's no terminal to show it on. */
  readonly elsewhere?: Elsewhere
}

const NO_TERMINAL = "There's no terminal to show that on."
const plainPalette = paletteOf({ colours: false, unicode: true })

/** One learner at one lesson at a time: their file, the last verdict, and what they asked for. */
export class WatchSession {
  readonly #options: WatchOptions
  #state: WatchState
  readonly #news: UnreadNews
  readonly #sharing = new Sharing()
  readonly #checking: Checking
  #stay: Stay
  #done = () => {}
  readonly finished = new Promise<void>((resolve) => {
    this.#done = resolve
  })

  private constructor(options: WatchOptions, lesson: LessonSummary) {
    this.#options = options
    this.#news = new UnreadNews(options.now)
    this.#state = freshState(options, lesson)
    this.#checking = new Checking(options, this.#sharing, (change) => this.#set(change))
    this.#stay = this.#stayAt(lesson)
  }

  /** Creates the lesson's file if needed, watches it and checks it at once. */
  static async open(options: WatchOptions): Promise<WatchSession> {
    const lesson = options.course.lessons.find(({ slug }) => slug === options.slug)
    if (lesson === undefined) throw new Error(`There's no lesson ${options.slug}.`)
    const session = new WatchSession(options, lesson)
    await session.#stay.begin()
    options.news?.((news) => session.#hear(news))
    return session
  }

  get #lesson(): LessonSummary {
    return this.#stay.lesson
  }

  get state(): WatchState {
    return this.#state
  }

  /** `finished` resolves after it: a verdict that was shown is recorded, however soon the learner leaves. */
  async close(): Promise<void> {
    this.#stay.end()
    await this.#checking.close()
    this.#done()
  }

  /** Does what a key asks for. While a question is open, see `answer`. */
  async act(action: Action): Promise<void> {
    switch (action) {
      case 'quit':
        return await this.close()
      case 'run':
        return await this.#stay.checkAgain()
      case 'hint': {
        if (this.#state.checking)
          return this.#set({
            notice: 'Your answer is being checked. Press h again when the verdict is there.',
          })
        if (this.#state.result?.passed === true)
          return this.#set({ notice: 'Every task passed in the last check, so there are no hints to show.' })
        const elsewhere = noHintHere(wishAfter(this.#state.result).diagnosis)
        if (elsewhere !== undefined) return this.#set({ panel: undefined, notice: elsewhere })
        const panel = await hintPanel(this.#options, this.#lesson.slug, this.#state.result)
        return this.#set({ panel, notice: undefined })
      }
      case 'more':
        return await this.#pages(everything(this.#state))
      case 'help':
        return await this.#pages(helpText)
      case 'others':
        if (!this.#hasPassed()) return this.#set({ notice: 'Pass first, then o shows other ways to do it.' })
        return await this.#go(action)
      case 'explore':
        return await this.#explore()
      case 'read':
      case 'task':
      case 'where':
      case 'console':
        return await this.#go(action)
      case 'diff':
      case 'solution':
        if (maySeeSolution(this.#options, this.#lesson.slug)) return await this.#go(action)
        return this.#set({ question: { text: spoilerQuestion(action), action } })
      case 'reset':
        return this.#set({ question: { text: 'Start over? Your file is kept under a dated name.', action } })
      case 'list':
        return await this.#jump()
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
    if (this.#news.look()) this.#set({ news: undefined })
  }

  /** Shows a sentence about a key, until the next notice. */
  say(notice: string): void {
    this.#set({ notice })
  }

  #hear(news: News): void {
    this.#news.hear(news)
    this.#set({ news: this.#news.text })
  }

  async answer(yes: boolean): Promise<void> {
    const { question } = this.#state
    this.#set({ question: undefined })
    if (question === undefined || !yes) return
    if (question.action !== 'reset') return await this.#go(question.action)
    await this.#reset()
  }

  /** Does what needs the whole terminal, then what the key that ended it asks for. */
  async #leaveFor(
    visit: (there: Elsewhere, visit: Visit) => Promise<VisitEnd>,
    untilSave = true,
  ): Promise<void> {
    const { elsewhere } = this.#options
    if (elsewhere === undefined) return this.#set({ notice: NO_TERMINAL })
    this.#set({ notice: undefined })
    const then = await this.#sharing.visit((one) => visit(elsewhere, one), untilSave)
    this.#set(counts(this.#options))
    if (then !== undefined) await this.act(then)
  }

  #go(place: Place): Promise<void> {
    const { slug } = this.#lesson
    return this.#leaveFor((there, visit) => there.go(place, slug, visit), place !== 'console')
  }

  #pages(render: (view: TextView) => Promise<string>): Promise<void> {
    const { palette = plainPalette } = this.#options
    return this.#leaveFor((there, visit) => there.pages((width) => render({ width, palette }), visit))
  }

  async #jump(): Promise<void> {
    await this.#leaveFor(async (there, visit) => {
      const slug = await there.pickLesson(this.#lesson.slug, visit)
      const lesson = this.#options.course.lessons.find((one) => one.slug === slug)
      if (lesson !== undefined && slug !== this.#lesson.slug) await this.#enter(lesson)
      return undefined
    })
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
    this.#stay.end()
    this.#state = { ...freshState(this.#options, lesson), news: this.#news.text }
    this.#stay = this.#stayAt(lesson)
    await this.#stay.begin()
  }

  #stayAt(lesson: LessonSummary): Stay {
    const shown = () => this.#state
    return new Stay(
      lesson,
      this.#options,
      this.#checking,
      {
        get state() {
          return shown()
        },
        set: (change) => this.#set(change),
      },
      async (result, isOver) => {
        this.#set(counts(this.#options))
        if (result.passed && this.#options.advance === true && !isOver) await this.#move(1)
      },
    )
  }

  async #explore(): Promise<void> {
    const { explore, home } = this.#options
    await this.#stay.recorded() // it takes as long as the test does
    if (explore === undefined) return this.#set({ notice: NO_TERMINAL })
    const run = await lastRunOf(home, this.#lesson.slug)
    if (typeof run === 'string') return this.#set({ notice: run })
    await explore(run)
    this.#set({})
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
    await openEditor?.(home.answer(this.#lesson.slug)).catch((error: unknown) =>
      this.#set({ notice: sentenceOf(error) }),
    )
    this.#set({})
  }

  /** Now or before: a check that's running, or one that fails later, takes nothing back. */
  #hasPassed(): boolean {
    const { progress } = this.#options
    return this.#state.result?.passed === true || isPassed(progress.overview().lesson(this.#lesson.slug))
  }

  #shown(file: string): string {
    return shownPath(file, ownFolder(this.#options.course.root))
  }

  #set(change: Partial<WatchState>): void {
    this.#state = { ...this.#state, ...change }
    this.#options.onState(this.#state)
  }
}
