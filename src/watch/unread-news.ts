import type { News } from './state.ts'

/** Minimum time (ms) between the arrival of news and a key press that counts as having read it. */
const READING = 2_000

/** What the class reports, until the learner has seen it. */
export class UnreadNews {
  readonly #now: () => Date
  #unread: { readonly news: News; readonly since: number } | undefined

  constructor(now: () => Date = () => new Date()) {
    this.#now = now
  }

  get text(): string | undefined {
    return this.#unread?.news.text
  }

  hear(news: News): void {
    this.#unread = news.text === '' ? undefined : { news, since: this.#now().getTime() }
  }

  /** A key was pressed. Returns whether that counts as having read what's there. */
  look(): boolean {
    if (this.#unread === undefined || this.#now().getTime() - this.#unread.since < READING) return false
    this.#unread.news.seen()
    this.#unread = undefined
    return true
  }
}
