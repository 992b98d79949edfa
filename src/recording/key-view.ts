import { byId, without } from './canonical.ts'
import { describeKey } from './describe-key.ts'
import type { Keys } from './fold.ts'
import type { Entry, GroupState, KeyState, ScoredMember, Text } from './types.ts'

/** What a step did to something: added, removed, changed, or nothing. */
export type Sign = '+' | '-' | '~' | ' '

/** A key with what it holds after a step, and what the step did to it. */
export interface KeyView {
  readonly key: string
  readonly sign: Sign
  readonly type: string
  /** How much it holds: `2 entries, last 7-0`. */
  readonly summary: string
  readonly lines: readonly KeyLine[]
}

/** One part of a key: an entry, a field, a member. What's deeper belongs to the line above. */
export interface KeyLine {
  readonly sign: Sign
  readonly depth: 0 | 1
  /** ID, field, or position; empty for a part that has none. */
  readonly name: string
  readonly text: string
}

/** All keys before and after a step that contain `filter`, in alphabetical order. */
export function keyViews(before: Keys, after: Keys, filter = ''): readonly KeyView[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names
    .filter((name) => name.toLowerCase().includes(filter.toLowerCase()))
    .sort()
    .flatMap((name) => keyView(before.get(name), after.get(name)) ?? [])
}

function keyView(before: KeyState | undefined, after: KeyState | undefined): KeyView | undefined {
  const shown = after ?? before
  if (shown === undefined) return undefined
  const lines = [...ttlLines(before, after), ...linesOf(before, after)]
  const isChanged =
    lines.some(({ sign }) => sign !== ' ') || (before && after && describeKey(before) !== describeKey(after))
  const sign = before === undefined ? '+' : after === undefined ? '-' : isChanged ? '~' : ' '
  const type = shown.type === 'large' ? shown.of : shown.type
  const summary = after === undefined ? 'gone' : shown.type === 'string' ? '' : describeKey(after)
  return { key: shown.key, sign, type, summary, lines }
}

function ttlLines(before: KeyState | undefined, after: KeyState | undefined): readonly KeyLine[] {
  const [old, now] = [before?.pttl, after?.pttl]
  if (old === undefined && now === undefined) return []
  return [line(signOf(old, now), 'expires', now === undefined ? 'no more' : `at ${Math.round(now)} ms`)]
}

function linesOf(before: KeyState | undefined, after: KeyState | undefined): readonly KeyLine[] {
  const shown = after ?? before
  const old = before?.type === shown?.type ? before : undefined
  switch (shown?.type) {
    case 'stream': {
      const [was, is] = [stream(old), stream(after)]
      return [...entryLines(was.entries, is.entries), ...groupLines(was.groups, is.groups)]
    }
    case 'hash':
      return pairLines(old?.type === 'hash' ? old.fields : {}, after?.type === 'hash' ? after.fields : {})
    case 'set':
      return memberLines(
        old?.type === 'set' ? old.members : [],
        after?.type === 'set' ? after.members : [],
        (text) => line(' ', '', show(text)),
      )
    case 'zset':
      return memberLines<ScoredMember>(
        old?.type === 'zset' ? old.members : [],
        after?.type === 'zset' ? after.members : [],
        ({ member, score }) => line(' ', score, show(member)),
      )
    case 'list':
      return listLines(old?.type === 'list' ? old.items : [], after?.type === 'list' ? after.items : [])
    case 'string': {
      const [was, is] = [
        old?.type === 'string' ? show(old.value) : undefined,
        after?.type === 'string' ? show(after.value) : undefined,
      ]
      const isSame = was === is || was === undefined || is === undefined
      return [line(signOf(was, is), '', isSame ? (is ?? was ?? '') : `${was} → ${is}`)]
    }
    case 'large':
    case undefined:
      return []
  }
}

function line(sign: Sign, name: string, text: string, depth: 0 | 1 = 0): KeyLine {
  return { sign, depth, name, text }
}

function signOf(before: unknown, after: unknown): Sign {
  if (before === undefined || before === null) return '+'
  if (after === undefined || after === null) return '-'
  return before === after ? ' ' : '~'
}

function stream(state: KeyState | undefined) {
  return state?.type === 'stream' ? state : { entries: [], groups: [] }
}

function entryLines(before: readonly Entry[], after: readonly Entry[]): readonly KeyLine[] {
  return memberLines(before, after, ({ id, fields }) => line(' ', id, fields.map(show).join(' ')), byId)
}

/** What stayed, what was added, and what was removed; sorted if there's an order, else what was removed comes last. */
function memberLines<T extends Text | Entry | ScoredMember>(
  before: readonly T[],
  after: readonly T[],
  toLine: (one: T) => KeyLine,
  order?: (a: T, b: T) => number,
): readonly KeyLine[] {
  const added = new Set(without(after, before))
  const all = [
    ...after.map((one) => ({ one, sign: added.has(one) ? ('+' as const) : (' ' as const) })),
    ...without(before, after).map((one) => ({ one, sign: '-' as const })),
  ]
  if (order !== undefined) all.sort((a, b) => order(a.one, b.one))
  return all.map(({ one, sign }) => ({ ...toLine(one), sign }))
}

function listLines(before: readonly Text[], after: readonly Text[]): readonly KeyLine[] {
  return memberLines(before, after, (text) => line(' ', '', show(text))).map((one, index) =>
    one.sign === '-' ? one : { ...one, name: String(index) },
  )
}

/** The fields of two values by name, and how they differ. */
export function pairLines(
  before: Readonly<Record<string, Text>>,
  after: Readonly<Record<string, Text>>,
): readonly KeyLine[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  return [...new Set([...old.keys(), ...now.keys()])].sort().map((field) => {
    const [was, is] = [old.get(field), now.get(field)].map((text) => text && show(text))
    const sign = signOf(was, is)
    return line(sign, field, sign === '~' ? `${was} → ${is}` : (is ?? was ?? ''))
  })
}

function groupLines(before: readonly GroupState[], after: readonly GroupState[]): readonly KeyLine[] {
  const names = [...new Set([...before, ...after].map(({ group }) => group))].sort()
  return names.flatMap((name) => {
    const [was, is] = [before, after].map((groups) => groups.find(({ group }) => group === name))
    const count = (is ?? was)?.pending.length ?? 0
    const cursor =
      was && is && was.cursor !== is.cursor ? `${was.cursor} → ${is.cursor}` : (is ?? was)?.cursor
    const pending = pendingLines(was, is)
    const isChanged = was?.cursor !== is?.cursor || pending.some(({ sign }) => sign !== ' ')
    const sign = was === undefined ? '+' : is === undefined ? '-' : isChanged ? '~' : ' '
    return [
      line(sign, `group ${name}`, `cursor ${cursor}, ${count === 0 ? 'nothing' : count} pending`),
      ...pending,
    ]
  })
}

function pendingLines(before: GroupState | undefined, after: GroupState | undefined): readonly KeyLine[] {
  const [old, now] = [before, after].map((group) => new Map(group?.pending.map((one) => [one.id, one])))
  const ids = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].map((id) => ({ id })).sort(byId)
  return ids.map(({ id }) => {
    const [was, is] = [old?.get(id), now?.get(id)].map(
      (one) => one && `${one.consumer}, delivered ${one.delivered === 1 ? 'once' : `${one.delivered} times`}`,
    )
    const sign = signOf(was, is)
    return line(sign, id, sign === '~' ? `${was} → ${is}` : (is ?? was ?? ''), 1)
  })
}

/** What the recording has of a text, and how long it was if that isn't all. */
export function show({ s, bytes, hidden }: Text): string {
  if (hidden === true) return '(hidden)'
  return bytes === undefined ? s : `${s} (${bytes} bytes)`
}
