import { fieldsOf } from '../json-file.ts'

/** As many steps as a check records. */
const STEPS = 2_000
/** Elements of keys that are touched when all steps are followed: a check records no key with more than a few hundred. */
const WORK = 1_500_000

/**
 * Whether following a recording costs no more than following an honest one. A few kilobytes can unpack to a key with tens
 * of thousands of members and thousands of changes, which would stop the hub for minutes. `recording` is any JSON.
 */
export function isFollowable(recording: unknown): boolean {
  const { before, steps } = fieldsOf(recording)
  const all = listOf(steps)
  if (all.length > STEPS) return false
  const sizes = new Map<unknown, number>()
  for (const state of listOf(before)) sizes.set(fieldsOf(state).key, elementsIn(state))
  let work = 0
  for (const step of all) {
    const changes = listOf(fieldsOf(step).changes)
    // The keys after a step are a copy of those before it.
    if (changes.length > 0) work += sizes.size
    for (const change of changes) {
      const { key, gone, after } = fieldsOf(change)
      const [more, less] = [elementsIn(change) + elementsIn(after), listOf(gone).length]
      const size = Math.max(0, (sizes.get(key) ?? 0) + more - less)
      work += 1 + size + more + less
      if (work > WORK) return false
      sizes.set(key, size)
    }
  }
  return true
}

/** Of the state of a key, or of a change: members, entries, fields, and so on. */
function elementsIn(value: unknown): number {
  const { entries, members, items, add, fields, groups } = fieldsOf(value)
  const lists = [entries, members, items, add].reduce<number>((sum, list) => sum + listOf(list).length, 0)
  const inGroups = listOf(groups).reduce<number>((sum, group) => sum + pendingIn(group), 0)
  return lists + Object.keys(fieldsOf(fields)).length + inGroups
}

function pendingIn(group: unknown): number {
  const { before, after } = fieldsOf(group)
  return [group, before, after].reduce<number>((sum, one) => sum + listOf(fieldsOf(one).pending).length, 0)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
