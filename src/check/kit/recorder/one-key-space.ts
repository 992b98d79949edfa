import { type Change, changesBetween, type KeyState } from '../../../recording/index.ts'
import type { KeyWatch } from './key-watch.ts'

/**
 * The keys of several servers as one recording shows them. A cluster's key has one place at a time: if it has moved to
 * another node, it's neither gone nor new.
 */
export class OneKeySpace {
  /** In the order in which they were first looked at. */
  readonly #watches: { readonly watch: KeyWatch; readonly isNode: boolean; learned: number }[] = []
  readonly #before = new Map<string, KeyState>()
  /** Keys whose changes have been recorded, as they were then; null for one that was gone. */
  readonly #shown = new Map<string, KeyState | null>()

  add(watch: KeyWatch, isNode: boolean): void {
    this.#watches.push({ watch, isNode, learned: 0 })
  }

  /** What has changed for the recording, given what has changed on one of the servers. */
  changes(on: KeyWatch, changes: readonly Change[]): readonly Change[] {
    if (changes.length === 0) return changes
    this.#learn()
    const isNode = this.#watches.some(({ watch, isNode }) => isNode && watch === on)
    return [...new Set(changes.map(({ key }) => key))].flatMap((key) => {
      const elsewhere = isNode
        ? this.#watches.find(({ watch }) => watch.stateOf(key) !== undefined)
        : undefined
      const now = on.stateOf(key) ?? elsewhere?.watch.stateOf(key) ?? null
      const was = this.#now(key)
      this.#shown.set(key, now)
      return changesBetween(was, now)
    })
  }

  get states(): { readonly before: readonly KeyState[]; readonly after: readonly KeyState[] } {
    this.#learn()
    const keys = new Set([...this.#before.keys(), ...this.#shown.keys()])
    return { before: [...this.#before.values()], after: [...keys].flatMap((key) => this.#now(key) ?? []) }
  }

  #now(key: string): KeyState | null {
    const shown = this.#shown.get(key)
    return shown === undefined ? (this.#before.get(key) ?? null) : shown
  }

  /** A key that no server had had before was there from the beginning, as far as anyone knows. */
  #learn(): void {
    for (const one of this.#watches) {
      const { base } = one.watch
      if (base.size === one.learned) continue
      one.learned = base.size
      for (const [key, state] of base)
        if (!this.#before.has(key) && !this.#shown.has(key)) this.#before.set(key, state)
    }
  }
}
