import type { Entry, GroupState, KeyState, ScoredMember, Text } from './types.ts'

/**
 * The same state with everything that Redis keeps in no particular order sorted, so that equal states look the same:
 * members of sets, members of sorted sets with one score, groups, and pending entries.
 */
export function canonical(state: KeyState): KeyState {
  switch (state.type) {
    case 'stream': {
      const groups = [...state.groups].sort(byGroup).map(canonicalGroup)
      return { ...state, entries: [...state.entries].sort(byId), groups }
    }
    case 'set':
      return { ...state, members: [...state.members].sort(byText) }
    case 'zset':
      return { ...state, members: [...state.members].sort(byScore) }
    case 'hash':
    case 'list':
    case 'string':
    case 'large':
      return state
  }
}

function canonicalGroup(group: GroupState): GroupState {
  return { ...group, pending: [...group.pending].sort(byId) }
}

export const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  compare(a.key, b.key)

export const byGroup = (a: { readonly group: string }, b: { readonly group: string }): number =>
  compare(a.group, b.group)

/** IDs of entries, `1700000000000-0`: two numbers of up to 64 bits, so a string comparison won't do. */
export function byId(a: Pick<Entry, 'id'>, b: Pick<Entry, 'id'>): number {
  const [left, right] = [a.id.split('-'), b.id.split('-')]
  return compareDigits(left[0], right[0]) || compareDigits(left[1], right[1]) || compare(a.id, b.id)
}

export function byText(a: Text, b: Text): number {
  return (
    compare(a.s, b.s) || (a.bytes ?? -1) - (b.bytes ?? -1) || Number(a.hidden ?? 0) - Number(b.hidden ?? 0)
  )
}

export function byScore(a: ScoredMember, b: ScoredMember): number {
  const [left, right] = [scoreOf(a), scoreOf(b)]
  if (left !== right) return left < right ? -1 : 1
  return byText(a.member, b.member) || compare(a.score, b.score)
}

/** Redis writes `inf`; a score that's no number at all comes last. */
function scoreOf({ score }: ScoredMember): number {
  const value = Number(score.replace(/^([+-]?)inf$/i, '$1Infinity'))
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value
}

function compareDigits(a = '', b = ''): number {
  return a.length - b.length || compare(a, b)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `all` without `others`: counted, because what's shown of two long values may be the same. */
export function without<T>(all: readonly T[], others: readonly T[]): readonly T[] {
  if (others.length === 0) return all
  // What's the very same object needs no comparison, and between two steps that's nearly everything.
  const same = new Set(all)
  const rest = others.filter((other) => !same.delete(other))
  if (same.size === 0) return []
  const left = new Map<string, number>()
  for (const other of rest.map(print)) left.set(other, (left.get(other) ?? 0) + 1)
  return all.filter((one) => {
    if (!same.has(one)) return false
    const count = left.get(print(one)) ?? 0
    left.set(print(one), count - 1)
    return count <= 0
  })
}

/** Equal for equal values, whatever the order of their properties. */
export function print(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
