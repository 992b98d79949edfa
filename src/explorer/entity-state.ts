import { inspect } from 'node:util'
import type { ModelFold } from '../check/index.ts'
import { sentenceOf } from '../common/errors.ts'
import type { Course } from '../course/index.ts'
import {
  type Entry,
  type KeyState,
  type Keys,
  type KeyView,
  pairLines,
  type Recording,
  type Text,
} from '../recording/index.ts'

/** The state of the entity whose events a key holds, before a step and after it; undefined if it holds none. */
export type EntityStates = (key: string, before: Keys, after: Keys) => KeyView | undefined

/** The state by a fold, or why there isn't one. */
type Folded = { readonly state: unknown } | { readonly problem: string }

/** Undefined if the recording's lesson names no fold, or isn't in this course: everything else can be shown. */
export async function statesFor(
  course: Course,
  { lesson, depth }: Recording,
): Promise<EntityStates | undefined> {
  if (depth === 'order' || !course.lessons.some(({ slug }) => slug === lesson)) return undefined
  const { modelFold } = await import('../check/index.ts')
  const fold = await modelFold(course, await course.lesson(lesson)).catch(() => undefined)
  return fold && entityStates(fold)
}

/** The state after some events, and where each event that came next led. */
interface Branch {
  readonly folded: Folded
  readonly next: WeakMap<Entry | Text, Branch>
}

/** Folds the events in the keys of a recording. A step adds an event or two, so only those are folded. */
export function entityStates({ keys, by, apply }: ModelFold): EntityStates {
  const [start = '', end = ''] = keys.split('*')
  const root: Branch = { folded: { state: null }, next: new WeakMap() }

  function folded(state: KeyState | undefined): Folded | undefined {
    if (state === undefined) return undefined
    const stored = storedIn(state)
    if (stored === undefined) return { problem: "the recording doesn't have all of its events" }
    let branch = root
    for (const one of stored) branch = branch.next.get(one) ?? grow(branch, one)
    return branch.folded
  }

  function grow({ folded, next }: Branch, one: Entry | Text): Branch {
    const grown = { folded: 'problem' in folded ? folded : after(folded.state, one), next: new WeakMap() }
    next.set(one, grown)
    return grown
  }

  function after(state: unknown, one: Entry | Text): Folded {
    try {
      return { state: apply(state, 'id' in one ? fromFields(one.fields) : JSON.parse(one.s)) }
    } catch (error) {
      return { problem: sentenceOf(error) }
    }
  }

  return (key, before, after) => {
    if (!key.startsWith(start) || !key.endsWith(end) || key.length <= start.length + end.length)
      return undefined
    const [old, now] = [folded(before.get(key)), folded(after.get(key))]
    const shown = now ?? old
    if (shown === undefined) return undefined
    const lines = pairLines(fieldsOf(old), fieldsOf(now))
    const isChanged = lines.some(({ sign }) => sign !== ' ')
    return {
      key: key.slice(start.length, key.length - end.length),
      sign: old === undefined ? '+' : now === undefined ? '-' : isChanged ? '~' : ' ',
      type: `state by ${by}`,
      summary: 'problem' in shown ? `unknown: ${shown.problem}` : lines.length === 0 ? show(shown.state) : '',
      lines,
    }
  }
}

/** A list of events, or a stream; undefined if something is missing. */
function storedIn(state: KeyState): readonly (Entry | Text)[] | undefined {
  const isWhole = ({ bytes }: Text) => bytes === undefined
  switch (state.type) {
    case 'list':
      return state.items.every(isWhole) ? state.items : undefined
    case 'stream':
      return state.length === state.entries.length &&
        state.entries.every(({ fields }) => fields.every(isWhole))
        ? state.entries
        : undefined
    default:
      return undefined
  }
}

/** An event in one field, `event`, as JSON, or in a field for each of its own, of which some are JSON. */
function fromFields(fields: readonly Text[]): unknown {
  const pairs = fields.flatMap(({ s }, index) =>
    index % 2 === 0 ? [[s, fields[index + 1]?.s ?? ''] as const] : [],
  )
  const whole = pairs.find(([name]) => name === 'event')?.[1]
  if (whole !== undefined) return JSON.parse(whole)
  const parsed = pairs.map(([name, text]) => [name, IS_JSON.test(name) ? JSON.parse(text) : text] as const)
  return Object.fromEntries(parsed)
}

const IS_JSON = /^(payload|metadata)$/

function fieldsOf(folded: Folded | undefined): Readonly<Record<string, Text>> {
  if (folded === undefined || 'problem' in folded) return {}
  const { state } = folded
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return {}
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, { s: show(value) }]))
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY })
}
