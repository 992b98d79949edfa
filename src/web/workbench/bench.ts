import type { typeWarning } from '../../check/host/type-error.ts'
import type { CheckResult } from '../../check/index.ts'
import { sentenceOf } from '../../common/errors.ts'
import { ownFolder } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import type { LessonSummary } from '../../course/index.ts'
import type { HashedVerdict } from '../../learner/beside.ts'
import {
  noHintHere,
  openLesson,
  recordCheck,
  resetLesson,
  revealHint,
  wishAfter,
} from '../../learner/index.ts'
import { lessonAfter } from '../../learner/learner.ts'
import { isPassed } from '../../progress/index.ts'
import type { Recording } from '../../recording/index.ts'
import type { Answer, Disk } from './answer-file.ts'
import { BenchFile, hashIn } from './bench-file.ts'
import { modelRunOf, type RecordingOptions, recordRun } from './bench-recording.ts'
import type { BenchState, CheckWish, SaveReply } from './protocol.ts'
import { nextRev } from './rev.ts'
import { verdictView } from './verdict-view.ts'

export interface BenchOptions extends RecordingOptions {
  readonly hasEditor: boolean
  readonly mine?: string | undefined
  readonly disk?: Disk
  /** Replaces TypeScript. */
  readonly typeWarning?: typeof typeWarning
  /** What a pass means, as HTML. */
  meaningOf?(lesson: LessonSummary, result: CheckResult): Promise<string>
}

/** One lesson's file and the verdict on it, which all of its pages share. */
export class Bench {
  readonly #options: BenchOptions
  readonly #lesson: LessonSummary
  readonly #file: BenchFile
  readonly #followers = new Set<(state: BenchState) => void>()
  #state: BenchState
  /** Belongs to the check in progress. */
  #checking = new AbortController()
  #wish: CheckWish = 'rest'
  #result: CheckResult | undefined
  #told: HashedVerdict | undefined
  #recording: Recording | undefined
  #opening: Promise<void> | undefined

  constructor(lesson: LessonSummary, options: BenchOptions) {
    const { learner, hasEditor } = options
    this.#options = options
    this.#lesson = lesson
    const { disk } = options
    this.#file = new BenchFile(lesson, { learner, disk, onView: (file, rev) => this.#set({ file, rev }) })
    const { view, rev, name } = this.#file
    const before = learner.progress.overview().lesson(lesson.slug)
    const hadPassed = isPassed(before) && before.brokenSince === undefined
    this.#state = { file: view, rev, name, checking: false, hasEditor, hadPassed }
  }

  get state(): BenchState {
    return this.#state
  }

  get slug(): string {
    return this.#lesson.slug
  }

  /** The last verdict, for other programs. If it counts, the progress log already has it. */
  get told(): HashedVerdict | undefined {
    return this.#told
  }

  get recording(): Recording | undefined {
    return this.#recording
  }

  get file(): string {
    return this.#file.path
  }

  /** How to check a version because of its save. */
  get wishOfSave(): CheckWish {
    return this.#file.wishOfSave
  }

  /** Creates the file if it isn't there, and watches it. The first page does it; the others wait for that. */
  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  follow(listener: (state: BenchState) => void): () => void {
    this.#followers.add(listener)
    return () => void this.#followers.delete(listener)
  }

  close(): void {
    this.#checking.abort()
    this.#file.close()
  }

  /** Saves a version that was based on the one with the hash `base`; null: there was none. */
  save(text: string, base: string | null): Promise<SaveReply> {
    return this.#file.save(text, base)
  }

  /**
   * Checks what's on the disk. A newer check stops the one before, which then has no verdict. Never rejects: a problem
   * becomes a sentence on the page.
   */
  async check(asked: CheckWish): Promise<void> {
    // An attempt isn't lost if the learner types again before its verdict.
    const wish = this.#state.checking && this.#wish === 'asked' ? 'asked' : asked
    this.#wish = wish
    this.#checking.abort()
    this.#checking = new AbortController()
    const { signal } = this.#checking
    try {
      await this.#check(wish, signal)
    } catch (error) {
      // A newer check may be running, and only that one has something to say.
      if (!signal.aborted) this.#set({ checking: false, notice: sentenceOf(error), ...this.#unrecorded })
    }
  }

  async #check(wish: CheckWish, signal: AbortSignal): Promise<void> {
    const { learner, session, turns, beforeEmptying } = this.#options
    this.#set({ checking: true, notice: undefined, ...this.#unrecorded })
    const { slug } = this.#lesson
    const checked = await turns.take(async () => {
      if (signal.aborted) return 'stopped'
      const answer = this.#file.read()
      if (answer.bytes === undefined) return "There's no new verdict, because the file can't be checked."
      beforeEmptying?.()
      const onNotice = (notice: string) => !signal.aborted && this.#set({ notice })
      const options = { signal, onNotice, record: true, content: answer.bytes }
      return session.check(slug, learner.home.target(slug), options).then(
        (result) => ({ result, answer }),
        (error: unknown) => sentenceOf(error),
      )
    })
    if (signal.aborted) return
    if (typeof checked === 'string') return this.#set({ checking: false, notice: checked })
    await this.#judged(checked.result, checked.answer, wish, signal)
  }

  /** The next hint for the first task that didn't pass, as Markdown; undefined if there are no more. */
  async hint(): Promise<{ readonly title: string; readonly text: string } | undefined> {
    const { learner } = this.#options
    const lesson = await learner.course.lesson(this.#lesson.slug)
    const wish = wishAfter(this.#result)
    const elsewhere = noHintHere(wish.diagnosis)
    if (elsewhere !== undefined) return { title: 'The bug is in another lesson', text: elsewhere }
    const hint = await revealHint(learner, lesson, wish)
    if (hint.kind === 'no more') return undefined
    return { title: `Hint ${hint.step} of ${hint.of} · ${hint.task}`, text: hint.text }
  }

  /** What the model solution does in the test of the recording, or a sentence that says why it isn't shown. */
  async modelRun(): Promise<Recording | string> {
    const recording = this.#recording
    // While a check is being recorded, the session's last check must stay that one.
    if (recording === undefined || this.#state.checking)
      return 'Wait until the check has ended, then try again.'
    return modelRunOf(recording, this.#options)
  }

  /** Starts the lesson over. The old file is kept; resolves with its name. */
  async reset(): Promise<string | undefined> {
    const { keptAs } = await resetLesson(this.#options.learner, this.#lesson.slug, new Date())
    this.#checking.abort()
    this.#result = undefined
    this.#told = undefined
    this.#recording = undefined
    this.#set({
      checking: false,
      hadPassed: false,
      verdict: undefined,
      recording: undefined,
      types: undefined,
      notice: undefined,
    })
    this.#file.read()
    return keptAs && shownPath(keptAs, ownFolder(this.#options.learner.course.root))
  }

  async #open(): Promise<void> {
    const { learner } = this.#options
    try {
      await openLesson(learner, this.#lesson.slug)
    } catch (error) {
      this.#file.show({ kind: 'unusable', sentence: sentenceOf(error) })
      this.#opening = undefined // the next page tries again
      return
    }
    // That's a wish for a verdict, as it is for `watch`.
    this.#file.watch(() => this.#followers.size > 0 && void this.check('asked'))
  }

  /** A check that was stopped or failed is never recorded. */
  get #unrecorded(): { readonly recording?: undefined } {
    return this.#state.recording === 'coming' ? { recording: undefined } : {}
  }

  async #judged(result: CheckResult, answer: Answer, wish: CheckWish, signal: AbortSignal): Promise<void> {
    const { learner, meaningOf } = this.#options
    // A pass always counts, so that no one has to ask for it again.
    const counts = wish === 'asked' || result.passed
    const hash = hashIn(answer.view) ?? ''
    const verdict = verdictView(result, { name: this.#file.name, hash, at: Date.now(), counts })
    this.#result = result
    this.#recording = undefined
    this.#set({ verdict, checking: false, notice: undefined, recording: 'coming', types: undefined })
    if (counts) await recordCheck(learner, result)
    if (signal.aborted) return
    this.#told = { hash, result }
    this.#set({})
    if (result.passed) {
      const next = lessonAfter(learner, this.#lesson)
      const meaning = await meaningOf?.(this.#lesson, result)
      if (signal.aborted) return
      this.#set({
        verdict: {
          ...verdict,
          ...(meaning !== undefined && { meaning }),
          ...(next && {
            next: { address: `/lessons/${next.slug}`, title: `${next.number} · ${next.title}` },
          }),
        },
      })
    }
    void this.#lookAtTypes(result, signal).catch(() => {}) // it's only a remark
    await this.#record(result, signal)
  }

  /** Between the verdict and the next check, which ends it. */
  async #record(result: CheckResult, signal: AbortSignal): Promise<void> {
    const recording = await recordRun(result, this.#options, signal)
    if (signal.aborted) return
    this.#recording = recording
    this.#set({ recording: recording && nextRev() })
  }

  async #lookAtTypes(result: CheckResult, signal: AbortSignal): Promise<void> {
    const { learner, mine } = this.#options
    const ask = this.#options.typeWarning ?? (await import('../../check/host/type-error.ts')).typeWarning
    const types = await ask(result, { root: learner.course.root, file: this.#file.path, mine, signal })
    if (!signal.aborted && types !== undefined) this.#set({ types })
  }

  #set(change: { readonly [Name in keyof BenchState]?: BenchState[Name] | undefined }): void {
    this.#state = Object.fromEntries(
      Object.entries({ ...this.#state, ...change }).filter(([, value]) => value !== undefined),
    ) as unknown as BenchState
    for (const tell of [...this.#followers]) tell(this.#state)
  }
}
