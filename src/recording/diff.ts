import { byGroup, byId, canonical, print, without } from './canonical.ts'
import type { Change, Entry, GroupChange, GroupState, KeyState, ScoredMember, Text } from './types.ts'

type State<Type extends KeyState['type']> = Extract<KeyState, { readonly type: Type }>

/**
 * What happened to a key between two looks at it; null where it didn't exist. Folding the result into `before` gives
 * `after`, in its canonical order. A key that appeared, vanished or became another type is one `key` change.
 *
 * Any other time to live is a change, so pass a `pttl` that doesn't run: the time at which the key expires, counted
 * from the beginning of the test.
 */
export function changesBetween(before: KeyState | null, after: KeyState | null): readonly Change[] {
  const [old, now] = [before && canonical(before), after && canonical(after)]
  if (old === null && now === null) return []
  if (old === null || now === null || old.pttl !== now.pttl) return wholeKey(old, now)
  switch (old.type) {
    case 'stream':
      return now.type === 'stream' ? streamChanges(old, now) : wholeKey(old, now)
    case 'hash':
      return now.type === 'hash' ? hashChanges(old, now) : wholeKey(old, now)
    case 'set': {
      if (now.type !== 'set') return wholeKey(old, now)
      const { add, gone } = exchanged(old.members, now.members)
      return add.length + gone.length === 0 ? [] : [{ key: now.key, type: 'set', add, gone }]
    }
    case 'zset': {
      if (now.type !== 'zset') return wholeKey(old, now)
      const { add, gone } = exchanged<ScoredMember>(old.members, now.members)
      return add.length + gone.length === 0 ? [] : [{ key: now.key, type: 'zset', add, gone }]
    }
    case 'list':
      return now.type === 'list' ? listChanges(old, now) : wholeKey(old, now)
    case 'string': {
      if (now.type !== 'string') return wholeKey(old, now)
      const value = [old.value, now.value] as const
      return isSame(...value) ? [] : [{ key: now.key, type: 'string', value }]
    }
    case 'large': {
      if (now.type !== 'large' || old.of !== now.of) return wholeKey(old, now)
      const length = [old.length, now.length] as const
      return length[0] === length[1] ? [] : [{ key: now.key, type: 'large', length }]
    }
  }
}

function wholeKey(before: KeyState | null, after: KeyState | null): readonly Change[] {
  return [{ key: (after ?? before)?.key ?? '', type: 'key', before, after }]
}

function streamChanges(old: State<'stream'>, now: State<'stream'>): readonly Change[] {
  const { add, gone } = exchanged<Entry>(old.entries, now.entries)
  const groups = groupChanges(old.groups, now.groups)
  const length = [old.length, now.length] as const
  const hasMoved = old.lastId !== now.lastId
  if (add.length + gone.length + groups.length === 0 && length[0] === length[1] && !hasMoved) return []
  return [
    {
      key: now.key,
      type: 'stream',
      ...(add.length > 0 && { add: [...add].sort(byId) }),
      ...(gone.length > 0 && { gone: [...gone].sort(byId) }),
      ...(hasMoved && { lastId: [old.lastId, now.lastId] as const }),
      length,
      ...(groups.length > 0 && { groups }),
    },
  ]
}

function groupChanges(old: readonly GroupState[], now: readonly GroupState[]): readonly GroupChange[] {
  const before = new Map(old.map((group) => [group.group, group]))
  const after = new Map(now.map((group) => [group.group, group]))
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((group) => ({ group, before: before.get(group) ?? null, after: after.get(group) ?? null }))
    .filter((change) => !isSame(change.before, change.after))
    .sort(byGroup)
}

function hashChanges(old: State<'hash'>, now: State<'hash'>): readonly Change[] {
  const before = new Map(Object.entries(old.fields))
  const after = new Map(Object.entries(now.fields))
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => [field, [before.get(field) ?? null, after.get(field) ?? null]] as const)
    .filter(([, values]) => !isSame(...values))
  return changed.length === 0 ? [] : [{ key: now.key, type: 'hash', fields: Object.fromEntries(changed) }]
}

/** One stretch of the list was replaced: what's the same at both ends stays. */
function listChanges(old: State<'list'>, now: State<'list'>): readonly Change[] {
  const [before, after] = [old.items.map(print), now.items.map(print)]
  const most = Math.min(before.length, after.length)
  let from = 0
  while (from < most && before[from] === after[from]) from += 1
  let end = 0
  while (end < most - from && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const gone = old.items.slice(from, old.items.length - end)
  const add = now.items.slice(from, now.items.length - end)
  return gone.length + add.length === 0 ? [] : [{ key: now.key, type: 'list', from, gone, add }]
}

function exchanged<T extends Text | Entry | ScoredMember>(before: readonly T[], after: readonly T[]) {
  return { add: without(after, before), gone: without(before, after) }
}

function isSame(a: unknown, b: unknown): boolean {
  return print(a) === print(b)
}
