import { byGroup, byId, byKey, byScore, byText, canonical, without } from './canonical.ts'
import type { Change, Entry, KeyState, ScoredMember, Step, Text } from './types.ts'

/** All keys at one moment. */
export type Keys = ReadonlyMap<string, KeyState>

/** A change doesn't fit the key that it's about, so the recording is damaged. */
export class BadChangeError extends Error {
  override readonly name = 'BadChangeError'
  readonly key: string
  readonly type: Change['type']

  constructor(key: string, type: Change['type']) {
    super(`A change of type ${type} doesn't fit the key ${key}.`)
    this.key = key
    this.type = type
  }
}

export function keysOf(states: readonly KeyState[]): Keys {
  return new Map(states.map((state) => [state.key, canonical(state)]))
}

export function statesOf(keys: Keys): readonly KeyState[] {
  return [...keys.values()].sort(byKey)
}

/** The keys after a step. */
export function apply(keys: Keys, step: Pick<Step, 'changes'>): Keys {
  return changed(keys, step.changes)
}

/** The keys before a step, given the keys after it. */
export function undo(keys: Keys, step: Pick<Step, 'changes'>): Keys {
  return changed(keys, step.changes.map(inverse).reverse())
}

/** `before` with the changes of all steps. */
export function fold(before: readonly KeyState[], steps: readonly Pick<Step, 'changes'>[]): Keys {
  return changed(
    keysOf(before),
    steps.flatMap(({ changes }) => changes),
  )
}

function changed(keys: Keys, changes: readonly Change[]): Keys {
  if (changes.length === 0) return keys
  const result = new Map(keys)
  for (const change of changes) {
    const state = withChange(result.get(change.key), change)
    if (state === null) result.delete(change.key)
    else result.set(change.key, state)
  }
  return result
}

function inverse(change: Change): Change {
  switch (change.type) {
    case 'stream': {
      const { add, gone, lastId, length, groups, ...rest } = change
      return {
        ...rest,
        ...(gone && { add: gone }),
        ...(add && { gone: add }),
        ...(lastId && { lastId: swapped(lastId) }),
        length: swapped(length),
        ...(groups && {
          groups: groups.map(({ group, before, after }) => ({ group, before: after, after: before })),
        }),
      }
    }
    case 'hash': {
      const fields = Object.entries(change.fields).map(([field, values]) => [field, swapped(values)] as const)
      return { ...change, fields: Object.fromEntries(fields) }
    }
    case 'set':
      return { ...change, add: change.gone, gone: change.add }
    case 'zset':
      return { ...change, add: change.gone, gone: change.add }
    case 'list':
      return { ...change, add: change.gone, gone: change.add }
    case 'string':
      return { ...change, value: swapped(change.value) }
    case 'key':
      return { ...change, before: change.after, after: change.before }
    case 'large':
      return { ...change, length: swapped(change.length) }
  }
}

function swapped<T>([before, after]: readonly [T, T]): readonly [T, T] {
  return [after, before]
}

function withChange(state: KeyState | undefined, change: Change): KeyState | null {
  if (change.type === 'key') return change.after && canonical(change.after)
  if (change.type === 'stream' && state?.type === 'stream') {
    const names = new Set(change.groups?.map(({ group }) => group))
    const groups = [
      ...state.groups.filter(({ group }) => !names.has(group)),
      ...(change.groups ?? []).flatMap(({ after }) => after ?? []),
    ]
    return {
      ...state,
      entries: exchange<Entry>(state.entries, change.gone ?? [], change.add ?? [], byId),
      length: change.length[1],
      lastId: change.lastId?.[1] ?? state.lastId,
      groups: groups.sort(byGroup),
    }
  }
  if (change.type === 'hash' && state?.type === 'hash') {
    const fields = new Map(Object.entries(state.fields))
    for (const [field, [, value]] of Object.entries(change.fields)) {
      if (value === null) fields.delete(field)
      else fields.set(field, value)
    }
    return { ...state, fields: Object.fromEntries(fields) }
  }
  if (change.type === 'set' && state?.type === 'set') {
    return { ...state, members: exchange(state.members, change.gone, change.add, byText) }
  }
  if (change.type === 'zset' && state?.type === 'zset') {
    return { ...state, members: exchange<ScoredMember>(state.members, change.gone, change.add, byScore) }
  }
  if (change.type === 'list' && state?.type === 'list') {
    return { ...state, items: state.items.toSpliced(change.from, change.gone.length, ...change.add) }
  }
  if (change.type === 'string' && state?.type === 'string' && change.value[1] !== null) {
    return { ...state, value: change.value[1] }
  }
  if (change.type === 'large' && state?.type === 'large') return { ...state, length: change.length[1] }
  throw new BadChangeError(change.key, change.type)
}

/** Both lists are sorted. Streams grow at their end, and then there's nothing to sort. */
function exchange<T extends Text | Entry | ScoredMember>(
  all: readonly T[],
  gone: readonly T[],
  add: readonly T[],
  order: (a: T, b: T) => number,
): readonly T[] {
  const rest = without(all, gone)
  const last = rest.at(-1)
  const first = add[0]
  if (first === undefined) return rest
  const both: T[] = [...rest, ...add]
  return last === undefined || order(last, first) <= 0 ? both : both.sort((a, b) => order(a, b))
}
