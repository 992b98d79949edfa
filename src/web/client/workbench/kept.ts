import type { Kept } from './draft.ts'

/** Keeps it for this tab. Without the history if that's too much, because the text is what counts. */
export function keep(slug: string, kept: Kept): void {
  const { editor, ...rest } = kept
  for (const value of [{ ...rest, editor }, rest]) {
    try {
      sessionStorage.setItem(keyOf(slug), JSON.stringify(value))
      return
    } catch {
      // It's full, or forbidden.
    }
  }
}

export function kept(slug: string): Kept | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(keyOf(slug)) ?? 'null') as Kept | null
    return found !== null && typeof found.text === 'string' && typeof found.baseText === 'string'
      ? found
      : undefined
  } catch {
    return undefined
  }
}

function keyOf(slug: string): string {
  return `eventlings ${slug}`
}

/** What this browser keeps after the tab is closed; undefined where that's forbidden. */
export function lastingStore(): Storage | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}
