import type { Changes } from '../api.ts'

/**
 * What a page hasn't been sent yet. Never more than one message, because a page that doesn't read would otherwise fill
 * the hub's memory.
 */
export class Missed {
  #news: Changes | 'several' | undefined

  add(changes: Changes): void {
    this.#news = this.#news === undefined ? changes : 'several'
  }

  get isEmpty(): boolean {
    return this.#news === undefined
  }

  /** The only changes; `several` if there were more, so that the page needs the whole state. Then nothing is missed. */
  take(): Changes | 'several' | undefined {
    const news = this.#news
    this.#news = undefined
    return news
  }
}
