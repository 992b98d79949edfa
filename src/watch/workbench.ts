import type { Beside, BesideNews, LookBeside } from '../learner/beside.ts'

/** The workbench beside the watch screen. It may be opened and closed at any time, so each save looks for it again. */
export class WorkbenchBeside {
  readonly #look: LookBeside | undefined
  readonly #news: BesideNews
  #found: Promise<Beside | undefined> | undefined

  constructor(look: LookBeside | undefined, news: BesideNews) {
    this.#look = look
    this.#news = news
  }

  /** Follows the workbench that's open now; undefined if there's none. */
  async now(slug: string): Promise<Beside | undefined> {
    const lost = () => {
      this.#found = undefined
      this.#news.onLost()
    }
    this.#found ??= this.#look?.(slug, { ...this.#news, onLost: lost })
    const looking = this.#found
    const beside = await looking
    if (beside === undefined && this.#found === looking) this.#found = undefined
    return beside
  }

  /** Follows it no longer, because the learner has left the lesson. */
  leave(): void {
    void this.#found?.then((beside) => beside?.close())
    this.#found = undefined
  }
}
