import { type Change, changesBetween, type KeyState } from '../../../recording/index.ts'
import type { KeyReader } from './key-reader.ts'

/** Maximum wait for a server to show its keys (ms); one that was paused on purpose never does. */
const TIMEOUT_MS = 1_000
/** The learner's code may replace the globals later. */
const later = setTimeout
const never = clearTimeout

/** What one server holds, as far as it has been looked at during a test. */
export class KeyWatch {
  readonly #reader: KeyReader
  readonly #known = new Map<string, KeyState>()
  readonly #base = new Map<string, KeyState>()
  /** Keys that have been looked at, whether they exist or not; undefined if all have. */
  #seen: Set<string> | undefined
  #begun = false

  constructor(reader: KeyReader) {
    this.#reader = reader
  }

  get begun(): boolean {
    return this.#begun
  }

  /** Something may vanish without a command. */
  get expires(): boolean {
    return [...this.#known.values()].some(({ pttl }) => pttl !== undefined)
  }

  /** The keys when this began to watch. */
  get base(): ReadonlyMap<string, KeyState> {
    return this.#base
  }

  /** The key at the last look. */
  stateOf(key: string): KeyState | undefined {
    return this.#known.get(key)
  }

  /** To be called before a command that names these keys, so that there's something to compare with later. */
  async learn(keys: readonly string[]): Promise<void> {
    await this.#patiently(async () => {
      const all = this.#begun ? undefined : await this.#reader.names()
      if (!this.#begun && all === undefined) this.#seen = new Set()
      const unseen = [...(all ?? []), ...keys].filter((key) => !this.#begun || this.#seen?.has(key) === false)
      if (this.#begun && unseen.length === 0) return
      this.#begun = true
      for (const key of unseen) this.#seen?.add(key)
      for (const [key, state] of await this.#reader.read([...new Set(unseen)])) {
        this.#known.set(key, state)
        this.#base.set(key, state)
      }
    })
  }

  /** What has changed in these keys, or in any, since the last look. */
  async look(keys: readonly string[] | 'all'): Promise<readonly Change[]> {
    const changes = await this.#patiently(async () => {
      const names = await this.#namesOf(keys)
      const now = await this.#reader.read(names)
      return [...new Set(names)].flatMap((key) => {
        const before = this.#known.get(key) ?? null
        const after = now.get(key) ?? null
        if (after === null) this.#known.delete(key)
        else this.#known.set(key, after)
        return changesBetween(before, after)
      })
    })
    return changes ?? []
  }

  /** Resolves when what was on its way has arrived. */
  async settle(trips: number): Promise<void> {
    await this.#patiently(async () => {
      for (let trip = 0; trip < trips; trip += 1) await this.#reader.ping()
    })
  }

  async #namesOf(keys: readonly string[] | 'all'): Promise<readonly string[]> {
    if (keys !== 'all') return keys
    if (this.#seen !== undefined) return [...this.#seen]
    const names = await this.#reader.names()
    if (names !== undefined) return [...new Set([...this.#known.keys(), ...names])].sort()
    this.#seen = new Set(this.#known.keys()) // there are too many by now
    return [...this.#seen]
  }

  async #patiently<T>(run: () => Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<undefined>((_, reject) => {
      timer = later(() => reject(new Error('late')), TIMEOUT_MS)
      timer.unref()
    })
    try {
      return await Promise.race([run(), tooLate])
    } catch {
      return undefined // the server is down or paused: what changed there shows later
    } finally {
      never(timer)
    }
  }
}
