/** Lets one at a time work, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work)
    // The next one gets its turn however this one ended.
    this.#last = next.catch(() => {})
    return next
  }
}
