import { ownFolder } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import type { LessonSummary } from '../../course/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { watchFile } from '../../learner/watch-file.ts'
import { type Answer, type Disk, readAnswer, realDisk, saveAnswer } from './answer-file.ts'
import type { CheckWish, FileView, SaveReply } from './protocol.ts'
import { nextRev } from './rev.ts'
import { syntaxError } from './syntax.ts'

export interface BenchFileOptions {
  readonly learner: Learner
  readonly disk?: Disk | undefined
  /** The file is another version now, or can't be read anymore. */
  onView(view: FileView, rev: number): void
}

/** Interval (ms) between two looks at a file that can't be used: the system doesn't report it when permissions change. */
const LOOK_EVERY = 1_000

/** A lesson's file: what the page gets to see of it, and which version has been dealt with. */
export class BenchFile {
  readonly path: string
  /** As shown to the learner. */
  readonly name: string
  readonly #options: BenchFileOptions
  #view: FileView
  #rev = nextRev()
  /** The version that was last saved here, checked, or noticed on the disk. */
  #seen: string | undefined
  /** The version that the page saved last. */
  #ownSave: string | undefined
  #watcher: { close(): void } | undefined
  #looking: ReturnType<typeof setInterval> | undefined

  constructor({ slug }: LessonSummary, options: BenchFileOptions) {
    const { course, home } = options.learner
    this.#options = options
    this.path = home.answer(slug)
    this.name = shownPath(this.path, ownFolder(course.root))
    this.#view = readAnswer(this.path, this.name).view
  }

  get view(): FileView {
    return this.#view
  }

  get rev(): number {
    return this.#rev
  }

  /** A save by the page doesn't ask for a check that counts, but a save by another program does. */
  get wishOfSave(): CheckWish {
    const hash = hashIn(this.#view)
    return hash !== undefined && hash === this.#ownSave ? 'rest' : 'asked'
  }

  /** Calls back when another program has saved the file. */
  watch(onOther: () => void): void {
    this.read()
    const look = () => {
      const before = this.#seen
      const { view } = this.read()
      if (hashIn(view) !== undefined && hashIn(view) !== before) onOther()
    }
    this.#watcher = watchFile(this.path, { onContent: look, onGone: look })
    this.#looking = setInterval(() => this.#view.kind !== 'text' && look(), LOOK_EVERY).unref()
  }

  close(): void {
    clearInterval(this.#looking)
    this.#watcher?.close()
  }

  /** What's on the disk now. */
  read(): Answer {
    const answer = readAnswer(this.path, this.name)
    this.show(answer.view)
    this.#seen = hashIn(answer.view)
    return answer
  }

  show(view: FileView): void {
    if (JSON.stringify(view) === JSON.stringify(this.#view)) return
    this.#view = view
    this.#rev = nextRev()
    this.#options.onView(view, this.#rev)
  }

  /** Saves a version that was based on the one with the hash `base`; null: there was none. */
  async save(text: string, base: string | null): Promise<SaveReply> {
    const { disk = realDisk } = this.#options
    const saved = saveAnswer(this.path, this.name, text, base, disk)
    if (saved.kind === 'problem') return saved
    const { view } = saved.answer
    if (saved.kind === 'saved') this.#ownSave = hashIn(view)
    this.show(view)
    const rev = this.#rev
    if (saved.kind === 'saved') this.#seen = hashIn(view)
    if (saved.kind === 'conflict' || view.kind !== 'text') return { kind: 'conflict', file: view, rev }
    const syntax = await syntaxError(text)
    return { kind: 'saved', hash: view.hash, rev, ...(syntax && { syntax }) }
  }
}

export function hashIn(view: FileView): string | undefined {
  return 'hash' in view ? view.hash : undefined
}
