import { fieldsOf } from '../json-file.ts'

/** As many steps as a check records. */
const STEPS = 2_000
/** Elements of keys that are touched when all steps are followed: a check records no key with more than a few hundred. */
const WORK = 1_500_000
/** Levels of a recording's JSON, of which an honest one has ten, and lists, objects, commas in it. */
const LEVELS = 32
const VALUES = 150_000

/**
 * Whether JSON may be parsed: a million brackets, which take a kilobyte to send, would stop the hub for a second and fill
 * its memory. What isn't JSON at all is for the parser to say.
 */
export function isReadable(json: string): boolean {
  let [level, values] = [0, 0]
  for (let at = 0; at < json.length; at += 1) {
    const letter = json[at]
    if (letter === '"') at = endOfString(json, at)
    else if (letter === '[' || letter === '{') level += 1
    else if (letter === ']' || letter === '}') level -= 1
    else if (letter !== ',') continue
    values += 1
    if (level > LEVELS || values > VALUES) return false
  }
  return true
}

function endOfString(json: string, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

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
