import type { Draft, Kept } from './draft.ts'

/** The editor, as far as its text goes. */
export interface EditorText {
  readonly text: string
  replace(text: string): void
  snapshot(): unknown
}

export interface ShelfOptions {
  readonly draft: () => Draft
  readonly editor: () => EditorText
  /** Keeps it for a reload of the page. */
  keep(kept: Kept): void
}

/** Interval (ms) between two times that the text is kept while the learner types. */
const KEEP_EVERY = 300

/** Where the text, the version it's based on, and what can be undone wait for a reload of the page. */
export class Shelf {
  readonly #options: ShelfOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What was kept last, along with the text; undefined if the learner has typed since. */
  #kept: Draft | undefined

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  /** The learner has typed. */
  changed(): void {
    this.#kept = undefined
    this.#timer ??= setTimeout(() => this.keep(), KEEP_EVERY)
  }

  /** Keeps all of it now, if any of it has changed. */
  keep(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { draft, editor, keep } = this.#options
    const now = draft()
    if (this.#kept === now) return
    this.#kept = now
    keep({ ...now, text: editor().text, editor: editor().snapshot() })
  }
}
