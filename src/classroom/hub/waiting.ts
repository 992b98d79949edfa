/** Callers that wait for what the next change may bring. */
export class Waiting {
  readonly #looks = new Set<() => void>()

  /** To be called after every change. */
  look(): void {
    for (const look of this.#looks) look()
  }

  /** Resolves as soon as the condition is true, or after `timeoutMs` without it. */
  async until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#looks.delete(look)
        resolve()
      }
      const look = () => {
        if (holds()) done()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#looks.add(look)
    })
  }
}
