/** The learner's own versions of a lesson's snippets, kept in this browser. */
export interface Edits {
  /** The kept text of a snippet; undefined if there's none, or if the lesson has changed since. */
  open(number: number, original: string): string | undefined
  /** The original isn't an edit. */
  set(number: number, text: string): void
  /** Those of the snippets up to this one, which run before it. */
  upTo(number: number): Readonly<Record<string, string>>
}

interface Kept {
  readonly original: string
  readonly text: string
}

/** The part of a browser's storage that's used. */
interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Without a store, edits last as long as the page. */
export function editsOf(slug: string, store: Store | undefined): Edits {
  const key = `eventlings snippets ${slug}`
  const kept = read(store, key)
  const originals = new Map<number, string>()
  const now = new Map<number, string>()
  return {
    open(number, original) {
      originals.set(number, original)
      const before = kept[number]
      if (before?.original === original) now.set(number, before.text)
      return now.get(number)
    },
    set(number, text) {
      if (text === originals.get(number)) now.delete(number)
      else now.set(number, text)
      // Another tab may have kept others in the meantime.
      const { [number]: _, ...all } = read(store, key)
      write(
        store,
        key,
        now.has(number) ? { ...all, [number]: { original: originals.get(number) ?? '', text } } : all,
      )
    },
    upTo: (number) => Object.fromEntries([...now].filter(([at]) => at <= number)),
  }
}

function read(store: Store | undefined, key: string): Readonly<Record<number, Kept>> {
  try {
    const found: unknown = JSON.parse(store?.getItem(key) ?? '{}')
    const entries = Object.entries(found ?? {}).filter(([, one]) => isKept(one))
    return Object.fromEntries(entries) as Record<number, Kept>
  } catch {
    return {}
  }
}

function isKept(value: unknown): value is Kept {
  const { original, text } = (value ?? {}) as Partial<Kept>
  return typeof original === 'string' && typeof text === 'string'
}

function write(store: Store | undefined, key: string, all: Readonly<Record<number, Kept>>): void {
  try {
    if (Object.keys(all).length === 0) store?.removeItem(key)
    else store?.setItem(key, JSON.stringify(all))
  } catch {
    // It's full.
  }
}
