import { describe, expect, test, vi } from 'vitest'
import { modelFold } from '../../../src/check/index.ts'
import { BadLessonError, loadCourse } from '../../../src/course/index.ts'
import { entityStates } from '../../../src/explorer/entity-state.ts'
import { type KeyState, keysOf } from '../../../src/recording/index.ts'

const course = await loadCourse()
const lessons = await Promise.all(course.lessons.map(({ slug }) => course.lesson(slug)))

/** Adds up points; an event without any is an error. */
const points = {
  keys: 'events:*',
  by: 'addPoints',
  apply: (state: unknown, event: unknown) => {
    const { payload } = event as { readonly payload: { readonly points: number } }
    const before = state as { readonly points: number } | null
    return { points: (before?.points ?? 0) + payload.points }
  },
}

const list = (...items: readonly string[]): KeyState => ({
  key: 'events:ada',
  type: 'list',
  items: items.map((s) => ({ s })),
})
const stream = (entries: readonly (readonly string[])[], length = entries.length): KeyState => ({
  key: 'events:ada',
  type: 'stream',
  entries: entries.map((fields, index) => ({ id: `${index + 1}-0`, fields: fields.map((s) => ({ s })) })),
  length,
  lastId: `${length}-0`,
  groups: [],
})
const event = (amount: number) => JSON.stringify({ payload: { points: amount } })
const view = (before: KeyState | null, after: KeyState | null, key = 'events:ada') =>
  entityStates(points)(key, keysOf(before ? [before] : []), keysOf(after ? [after] : []))

describe('the state of an entity', () => {
  test('is what its events add up to, before a step and after it', () => {
    expect(view(list(event(5)), list(event(5), event(7)))).toEqual({
      key: 'ada',
      sign: '~',
      type: 'state by addPoints',
      summary: '',
      lines: [{ sign: '~', depth: 0, name: 'points', text: '5 → 12' }],
    })
    expect(view(null, list(event(5)))).toMatchObject({ sign: '+', lines: [{ sign: '+', text: '5' }] })
    expect(view(list(event(5)), null)).toMatchObject({ sign: '-', lines: [{ sign: '-', text: '5' }] })
    const same = list(event(5))
    expect(view(same, same)).toMatchObject({ sign: ' ', lines: [{ sign: ' ', text: '5' }] })
  })

  test('is folded one event at a time, however often it is shown', () => {
    const { apply } = points
    const spy = vi.fn(apply)
    const states = entityStates({ ...points, apply: spy })
    const items = Array.from({ length: 50 }, (_, index) => ({ s: event(index) }))
    const keysAfter = (count: number) =>
      keysOf([{ key: 'events:ada', type: 'list', items: items.slice(0, count) }])
    const total = (count: number) =>
      states('events:ada', keysAfter(count - 1), keysAfter(count))?.lines[0]?.text
    for (const [count] of items.entries()) total(count + 1)
    expect(total(50)).toBe('1176 → 1225')
    expect(total(2)).toBe('0 → 1') // back
    expect(spy).toHaveBeenCalledTimes(50)
  })

  test('comes from a stream in either format', () => {
    const fields = ['eventType', 'POINTS_EARNED', 'payload', '{"points":3}', 'metadata', '{}']
    expect(view(null, stream([fields, ['event', event(4)]]))?.lines[0]?.text).toBe('7')
  })

  test('exists only for keys with an ID', () => {
    expect(view(null, list(event(5)), 'events:')).toBeUndefined()
    expect(view(null, list(event(5)), 'points:ada')).toBeUndefined()
  })

  test('is unknown if something is missing or cannot be read', () => {
    const missing = "unknown: the recording doesn't have all of its events"
    expect(view(null, stream([['event', event(1)]], 300))?.summary).toBe(missing)
    expect(view(null, { key: 'events:ada', type: 'list', items: [{ s: '{', bytes: 9_000 }] })?.summary).toBe(
      missing,
    )
    expect(view(null, { key: 'events:ada', type: 'string', value: { s: 'x' } })?.summary).toBe(missing)
    expect(view(null, list('not JSON'))?.summary).toMatch(/^unknown: Unexpected token/)
  })
})

describe('a fold that a lesson names', () => {
  const named = lessons.filter(({ fold }) => fold !== undefined)

  test.each(named.map((lesson) => [lesson.slug, lesson] as const))('%s', async (_, lesson) => {
    const fold = await modelFold(course, lesson)
    const unknown = { eventType: 'SOMETHING_HAPPENED', entityId: 'x', timestamp: '', payload: {} }
    expect(fold?.keys).toContain('*')
    expect(fold?.apply(null, unknown)).toBeNull()
  })

  test('is there in some, and none in others', async () => {
    expect(named.length).toBeGreaterThan(3)
    const other = lessons.find(({ fold }) => fold === undefined)
    expect(other && (await modelFold(course, other))).toBeUndefined()
  })

  test('has to be exported by the lesson or one before it', async () => {
    const [lesson] = named
    if (lesson === undefined) throw new Error('some')
    const wrong = { ...lesson, fold: { keys: 'events:*', by: 'applyPostEvent' } }
    await expect(modelFold(course, wrong)).rejects.toThrow(BadLessonError)
    await expect(modelFold(course, wrong)).rejects.toThrow(/builds on exports applyPostEvent/)
    const noFunction = { ...wrong, exports: ['nothing'], fold: { keys: 'events:*', by: 'nothing' } }
    await expect(modelFold(course, noFunction)).rejects.toThrow(/isn't a function\./)
  })
})
