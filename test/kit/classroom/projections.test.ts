import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { announcementsAt } from '../../../src/classroom/announcements.ts'
import type { ClassView } from '../../../src/classroom/api.ts'
import { csvHead, csvRows } from '../../../src/classroom/export.ts'
import { decideCommand } from '../../../src/classroom/hub/decide-command.ts'
import { Projection } from '../../../src/classroom/hub/projection.ts'
import { learnerOf, newJoinCode, readCode, tokenFor } from '../../../src/classroom/hub/secrets.ts'
import { newsFor, toldOf } from '../../../src/classroom/member/news.ts'
import type { ClassEvent, NewClassEvent } from '../../../src/classroom/projections/class-event.ts'
import { type ClassState, newClass } from '../../../src/classroom/projections/class-state.ts'
import { evolveClass } from '../../../src/classroom/projections/evolve-class.ts'
import { keptOf } from '../../../src/classroom/projections/kept.ts'
import { Labels, plainName, plainText } from '../../../src/classroom/projections/names.ts'
import { isPresent } from '../../../src/classroom/projections/present.ts'
import { rowOf } from '../../../src/classroom/projections/row.ts'
import { type Columns, evolveRow, newRow } from '../../../src/classroom/projections/row-state.ts'
import { summaryOf } from '../../../src/classroom/projections/summary.ts'
import type { ProgressEvent } from '../../../src/progress/index.ts'
import { failed, passed, progress } from './class.ts'

const classId = 'c1'
const at = '2026-05-02T10:00:00.000Z'
const slug = '07-concurrency'
const columns: Columns = { classId, tasks: new Map([[slug, []]]) }
const ada = { id: 'a', number: 1, name: 'Ada', joinedAt: at, share: false }

function fold(events: readonly object[]) {
  return events.reduce<typeof newRow>((row, event) => evolveRow(row, event as ProgressEvent, columns), newRow)
}

function classOf(...events: readonly NewClassEvent[]) {
  return events.reduce((state, event) => evolveClass(state, { ...event, at } as ClassEvent), newClass)
}

describe('a learner', () => {
  test('time on a task starts when the lesson is opened, continues while it fails, and restarts with the next task', () => {
    const opened = progress(1, 'LESSON_OPENED', slug)
    const [first, second, third] = [
      failed(2, slug, 'a', 'x'),
      failed(3, slug, 'a', 'y'),
      failed(4, slug, 'b', 'z'),
    ]
    expect(fold([opened, first, second]).current).toEqual({
      slug,
      task: 'a',
      since: opened.timestamp,
      attempts: 2,
    })
    expect(fold([opened, first, second, third]).current).toEqual({
      slug,
      task: 'b',
      since: third.timestamp,
      attempts: 1,
    })
    expect(fold([opened, first, passed(5, slug)]).current).toBeUndefined()
  })

  test('the check of a solution does not count as theirs', () => {
    const payload = { target: 'solution', redis: 'binary', ms: 1, tasks: [], skipped: 0 }
    expect(fold([progress(1, 'CHECK_PASSED', slug, payload)]).checks).toEqual([])
  })

  test('a hand is down after the lesson passed, when it was taken down, and in another class', () => {
    const up = progress(1, 'HAND_RAISED', slug, { class: classId, text: 'Why?' })
    expect(fold([up]).hand).toEqual({ at: up.timestamp, text: 'Why?', slug })
    expect(fold([up, passed(2, slug)]).hand).toBeUndefined()
    expect(fold([up, passed(2, '01-events')]).hand).toBeDefined()
    expect(fold([up, progress(2, 'HAND_LOWERED', slug, { class: classId })]).hand).toBeUndefined()
    expect(fold([progress(1, 'HAND_RAISED', slug, { class: 'other', text: '' })]).hand).toBeUndefined()
  })

  test('a hand that the instructor has lowered stays down until it is raised again', () => {
    const state = fold([progress(1, 'HAND_RAISED', slug, { class: classId, text: '' })])
    const lowered = { ...ada, loweredAt: '2026-05-02T09:30:00.000Z' }
    expect(rowOf(lowered, 'Ada', state).hand).toBeUndefined()
    expect(rowOf({ ...ada, loweredAt: '2026-05-02T08:00:00.000Z' }, 'Ada', state).hand).toBeDefined()
  })

  test('a lesson that broke again is failing, and lessons outside the class are left out', () => {
    const state = fold([passed(1, slug), failed(2, slug, 'a', 'x'), passed(3, '99-mine')])
    expect(rowOf(ada, 'Ada', state).lessons).toEqual({
      [slug]: { light: 'failing', attempts: 2, hints: 0 },
    })
  })

  test('a lesson is green once the tasks that the class takes are done', () => {
    const taken = { ...columns, tasks: new Map([[slug, ['a', 'b']]]) }
    const seenAfter = (...states: readonly string[][]) => {
      const events = states.map((all, n) => {
        const tasks = all.map((state, index) => ({ task: 'abc'[index], state }))
        const event = failed(n + 1, slug, 'c', 'x')
        return { ...event, payload: { ...event.payload, tasks } } as ProgressEvent
      })
      const state = events.reduce<typeof newRow>((row, event) => evolveRow(row, event, taken), newRow)
      return rowOf(ada, 'Ada', state).lessons[slug]
    }
    expect(seenAfter(['passed', 'failed', 'not reached'])).toMatchObject({ light: 'failing', tasks: 'pf' })
    expect(seenAfter(['passed', 'skipped', 'failed'])).toMatchObject({ light: 'passed', tasks: 'ps' })
    // What a check didn't reach stays as it was; what it did reach may be broken again.
    const both = ['passed', 'passed', 'failed']
    expect(seenAfter(both, ['not reached', 'not reached', 'failed'])).toMatchObject({ light: 'passed' })
    expect(seenAfter(both, ['failed', 'not reached', 'failed'])).toMatchObject({
      light: 'failing',
      tasks: 'fp',
    })
  })

  test('time before the class does not count, whatever the clock of the learner says', () => {
    const ancient = { ...progress(1, 'LESSON_OPENED', slug), timestamp: '0001-01-01T00:00:00.000Z' }
    expect(rowOf(ada, 'Ada', fold([ancient])).current?.since).toBe(ada.joinedAt)
  })

  test('the class keeps what it shows of an event, whatever else is in it', () => {
    const event = failed(1, slug, 'a', 'x'.repeat(5_000))
    const fat = { ...event, metadata: { secret: 1 }, payload: { ...event.payload, extra: 'y'.repeat(9_000) } }
    const kept = keptOf(fat)
    expect(kept).toMatchObject({ eventId: event.eventId, n: 1, metadata: {} })
    expect(kept.payload).not.toHaveProperty('extra')
    expect(JSON.stringify(kept).length).toBeLessThan(2_600)
    expect(keptOf(kept)).toEqual(kept)
    const later = { ...event, eventType: 'FROM_A_LATER_VERSION', payload: { big: 'z'.repeat(9_000) } }
    expect(keptOf(later)).toMatchObject({ eventType: 'FROM_A_LATER_VERSION', payload: {} })
  })

  test('thousands of made-up lessons and checks do not fill the memory', () => {
    const state = fold(Array.from({ length: 5_000 }, (_, n) => failed(n + 1, `lesson-${n}`, 'a', 'x')))
    expect(state.progress.lessons).toEqual([])
    expect(state.checks).toHaveLength(30)
  })
})

describe('the class', () => {
  const rows = [
    ['a', 'Version 3 was expected.'],
    ['b', 'Version 12 was expected.'],
    ['c', 'Something else.'],
  ].map(([id = '', diagnosis = '']) => rowOf({ ...ada, id }, id, fold([failed(1, slug, 'a', diagnosis)])))

  test('the most frequent diagnosis comes first, and numbers in it do not matter', () => {
    expect(summaryOf(rows, [slug]).diagnoses).toEqual([
      { slug, task: 'a', diagnosis: 'Version 3 was expected.', participants: ['a', 'b'] },
      { slug, task: 'a', diagnosis: 'Something else.', participants: ['c'] },
    ])
  })

  test('a task that was not started is not a mistake', () => {
    const starters = [
      failed(1, slug, 'a', "`appendEvent` isn't written yet. The task says what it should do."),
      {
        ...failed(1, slug, 'a', 'It is wrong.'),
        payload: { ...failed(1, slug, 'a', 'It is wrong.').payload, untouched: true },
      },
    ]
    const unbegun = starters.map((event, n) => rowOf({ ...ada, id: `${n}` }, `${n}`, fold([event])))
    expect(summaryOf(unbegun, [slug]).diagnoses).toEqual([])
    expect(unbegun.map(({ lessons }) => lessons[slug]?.light)).toEqual(['failing', 'working'])
    // A wrong answer counts, whatever came before.
    const tried = fold([...starters.slice(0, 1), failed(2, slug, 'a', 'It is wrong.')])
    expect(summaryOf([rowOf(ada, 'Ada', tried)], [slug]).diagnoses).toHaveLength(1)
  })

  test('the counts of a lesson add up to everyone', () => {
    const { lessons } = summaryOf([...rows, rowOf(ada, 'Ada', newRow)], [slug])
    expect(lessons).toEqual([
      {
        slug,
        counts: { new: 1, working: 0, failing: 3, passed: 0, 'passed-after-solution': 0, skipped: 0 },
      },
    ])
  })

  test('a returning learner keeps the number, and the number of one who left is not reused', () => {
    const join = (learner: string): NewClassEvent => ({
      type: 'PARTICIPANT_JOINED',
      payload: { learner, name: learner, share: false },
    })
    const left: NewClassEvent = { type: 'PARTICIPANT_LEFT', payload: { learner: 'b' } }
    const { participants } = classOf(join('a'), join('b'), join('a'), left, join('c'))
    expect(participants.map(({ id, number }) => [id, number])).toEqual([
      ['a', 1],
      ['c', 3],
    ])
  })

  test('commands are set and withdrawn', () => {
    const now = new Date(at)
    const decide = (command: Parameters<typeof decideCommand>[0]) =>
      decideCommand(command, now, [slug], newClass)
    const set = classOf(
      decide({ do: 'position', slug }),
      decide({ do: 'timer', minutes: 10, text: ' Ten\u202e minutes ' }),
      decide({ do: 'message', text: 'Coffee' }),
      decide({ do: 'pause' }),
      decide({ do: 'release', slug }),
      decide({ do: 'release', slug }),
    )
    expect(set.announcements).toEqual({
      position: slug,
      timer: { until: '2026-05-02T10:10:00.000Z', text: 'Ten minutes' },
      message: { at, text: 'Coffee' },
      pause: {},
      released: [slug],
    })
    const back = [
      { do: 'position' },
      { do: 'timer' },
      { do: 'message', text: ' ' },
      { do: 'resume' },
    ] as const
    const after = back
      .map(decide)
      .reduce((state, event) => evolveClass(state, { ...event, at } as ClassEvent), set)
    expect(after.announcements).toEqual({ released: [slug] })
    expect(() => decide({ do: 'position', slug: '../../etc' })).toThrow("isn't part of the class")
  })
})

describe('undo', () => {
  const at1 = (state: ClassState, event: NewClassEvent) => evolveClass(state, { ...event, at } as ClassEvent)
  const join = (learner: string): NewClassEvent => ({
    type: 'PARTICIPANT_JOINED',
    payload: { learner, name: learner.toUpperCase(), share: false },
  })
  const before = [join('a'), join('b')].reduce(at1, newClass)

  test.each<readonly [NewClassEvent, string]>([
    [{ type: 'POSITION_SET', payload: { slug } }, `moving the class to ${slug}`],
    [{ type: 'MESSAGE_SENT', payload: { text: 'Hi' } }, 'the message'],
    [{ type: 'MESSAGE_SENT', payload: { text: 'Hi', to: 'a' } }, 'the message to A'],
    [{ type: 'TIMER_SET', payload: { until: at, text: '' } }, 'the timer'],
    [{ type: 'PAUSE_BEGUN', payload: {} }, 'the break'],
    [{ type: 'SOLUTION_RELEASED', payload: { slug } }, `releasing the solution to ${slug}`],
    [{ type: 'TEXT_SHOWN', payload: { text: 'x' } }, 'changing the wall'],
    [{ type: 'ATTEMPT_SHOWN', payload: { learner: 'a', eventId: 'e' } }, 'changing the wall'],
    [{ type: 'PARTICIPANTS_REMOVED', payload: { learners: ['a'] } }, 'removing A'],
    [{ type: 'PARTICIPANTS_REMOVED', payload: { learners: ['a', 'b'] } }, 'removing 2 learners'],
    [{ type: 'PARTICIPANT_MERGED', payload: { learner: 'b', into: 'a' } }, 'merging B'],
    [{ type: 'HAND_LOWERED', payload: { learner: 'a' } }, "lowering A's hand"],
    [{ type: 'CODE_CHANGED', payload: { joinCode: 'ABCDEF' } }, 'the new join code'],
    [{ type: 'CLASS_CLOSED', payload: {} }, 'closing the class'],
  ])('%j', (event, what) => {
    const after = at1(before, event)
    expect(after.undo?.what).toBe(what)
    // How long the class was there isn't taken back.
    const { undo, clock, ...back } = after.undo ? at1(after, after.undo.event) : after
    const { undo: _, ...rest } = before
    // Otherwise it would look as if nothing had happened.
    expect(undo?.what).not.toBe(what)
    expect(back).toEqual(rest)
    expect(clock?.since).toBeUndefined()
  })

  const other = '01-events'
  const later = '2026-05-02T11:00:00.000Z'

  test.each<readonly [NewClassEvent, NewClassEvent, string, string]>([
    [
      { type: 'POSITION_SET', payload: { slug } },
      { type: 'POSITION_SET', payload: { slug: other } },
      `moving the class to ${other}`,
      `moving the class to ${slug}`,
    ],
    [
      { type: 'MESSAGE_SENT', payload: { text: 'One' } },
      { type: 'MESSAGE_SENT', payload: { text: 'Two' } },
      'the message',
      'going back to the earlier message',
    ],
    [
      { type: 'MESSAGE_SENT', payload: { text: 'One', to: 'a' } },
      { type: 'MESSAGE_SENT', payload: { text: 'Two', to: 'a' } },
      'the message to A',
      'going back to the earlier message to A',
    ],
    [
      { type: 'TIMER_SET', payload: { until: at, text: 'One' } },
      { type: 'TIMER_SET', payload: { until: later, text: '' } },
      'the timer',
      'going back to the earlier timer',
    ],
    [
      { type: 'PAUSE_BEGUN', payload: {} },
      { type: 'PAUSE_BEGUN', payload: { until: later } },
      'the break',
      'going back to the earlier break',
    ],
    [
      { type: 'TEXT_SHOWN', payload: { text: 'One' } },
      { type: 'TEXT_SHOWN', payload: { text: 'Two' } },
      'changing the wall',
      'going back to what the wall showed',
    ],
    [
      { type: 'ATTEMPT_SHOWN', payload: { learner: 'a', eventId: 'e' } },
      { type: 'ATTEMPT_SHOWN', payload: { learner: 'a', eventId: 'e', run: true } },
      'changing the wall',
      'going back to what the wall showed',
    ],
    [
      { type: 'HAND_LOWERED', payload: { learner: 'a' } },
      { type: 'HAND_LOWERED', payload: { learner: 'a' } },
      "lowering A's hand",
      "putting A's hand back up",
    ],
    [
      { type: 'PARTICIPANT_RENAMED', payload: { learner: 'a', name: 'One' } },
      { type: 'PARTICIPANT_RENAMED', payload: { learner: 'a', name: 'Two' } },
      'renaming One',
      'renaming Two',
    ],
    [
      { type: 'CODE_CHANGED', payload: { joinCode: 'ABCDEF' } },
      { type: 'CODE_CHANGED', payload: { joinCode: 'GHJKLM' } },
      'the new join code',
      'going back to the earlier join code',
    ],
  ])('a second one, %j and %j, and back and forth', (first, second, done, back) => {
    const stored = (state: ClassState, event: NewClassEvent, when = at) =>
      evolveClass(state, { ...(JSON.parse(JSON.stringify(event)) as NewClassEvent), at: when } as ClassEvent)
    const once = stored(before, first)
    const twice = stored(once, second, later)
    const said: (string | undefined)[] = []
    let state = twice
    for (let steps = 0; steps < 4; steps += 1) {
      said.push(state.undo?.what)
      if (state.undo !== undefined) state = stored(state, state.undo.event, steps % 2 === 0 ? at : later)
      const { undo: _, clock: __, ...now } = state
      const { undo: ___, clock: ____, ...then } = steps % 2 === 0 ? once : twice
      expect(now).toEqual(then)
    }
    expect(said).toEqual([done, back, done, back])
  })

  test.each<NewClassEvent>([
    { type: 'MESSAGE_SENT', payload: { text: 'One' } },
    { type: 'MESSAGE_SENT', payload: { text: 'One', to: 'a' } },
    { type: 'PAUSE_BEGUN', payload: {} },
    { type: 'TEXT_SHOWN', payload: { text: 'One' } },
    { type: 'ATTEMPT_SHOWN', payload: { learner: 'a', eventId: 'e' } },
  ])('the same again leaves the step before it: %j', (event) => {
    const once = at1(before, event)
    expect(at1(once, event).undo).toEqual(once.undo)
  })

  test.each<NewClassEvent>([
    { type: 'POSITION_SET', payload: {} },
    { type: 'MESSAGE_SENT', payload: {} },
    { type: 'MESSAGE_SENT', payload: { to: 'b' } },
    { type: 'TIMER_SET', payload: {} },
    { type: 'PAUSE_ENDED', payload: {} },
    { type: 'SOLUTION_WITHDRAWN', payload: { slug } },
    { type: 'TEXT_SHOWN', payload: {} },
    { type: 'PARTICIPANT_RENAMED', payload: { learner: 'b', name: 'B' } },
    { type: 'PARTICIPANT_MERGED', payload: { learner: 'b', into: 'b' } },
    { type: 'PARTICIPANT_MERGED', payload: { learner: 'b', into: 'a' } },
    { type: 'CLASS_REOPENED', payload: {} },
  ])('what changes nothing leaves the step before it: %j', (event) => {
    const removed = at1(before, { type: 'PARTICIPANTS_REMOVED', payload: { learners: ['a'] } })
    expect(at1(removed, event).undo).toEqual(removed.undo)
  })

  test('closing a closed class is not taken back twice', () => {
    const close: NewClassEvent = { type: 'CLASS_CLOSED', payload: {} }
    const closed = at1(before, close)
    expect(at1(closed, close).undo).toEqual(closed.undo)
  })

  test('a hand that was lowered twice is as it was after the first time', () => {
    const lower: ClassEvent = { type: 'HAND_LOWERED', at, payload: { learner: 'a' } }
    const once = evolveClass(before, lower)
    const twice = evolveClass(once, { ...lower, at: '2026-05-02T10:05:00.000Z' })
    const back = twice.undo && at1(twice, twice.undo.event)
    expect(back?.participants).toEqual(once.participants)
  })

  test('once all browsers are logged out, nothing before that is taken back by surprise', () => {
    const closed = at1(before, { type: 'CLASS_CLOSED', payload: {} })
    expect(at1(closed, { type: 'LOGGED_OUT', payload: {} }).undo).toBeUndefined()
  })

  test('what learners do is not the last thing that the instructor did', () => {
    const removed = at1(before, { type: 'PARTICIPANTS_REMOVED', payload: { learners: ['a'] } })
    expect(at1(removed, join('c')).undo).toEqual(removed.undo)
  })
})

describe('merging', () => {
  const join = (learner: string): NewClassEvent => ({
    type: 'PARTICIPANT_JOINED',
    payload: { learner, name: learner.toUpperCase(), share: false },
  })
  const merge = (learner: string, into: string): NewClassEvent => ({
    type: 'PARTICIPANT_MERGED',
    payload: { learner, into },
  })
  const present = (...events: readonly NewClassEvent[]) =>
    classOf(join('a'), join('b'), join('c'), ...events)
      .participants.filter(isPresent)
      .map(({ id }) => id)

  test('in a circle, as two hubs may at the same time, leaves the last one in the class', () => {
    expect(present(merge('a', 'b'), merge('b', 'a'))).toEqual(['b', 'c'])
    expect(present(merge('a', 'b'), merge('b', 'c'), merge('c', 'a'))).toEqual(['c'])
  })

  test('into someone who has left, or was removed, changes nothing', () => {
    const left: NewClassEvent = { type: 'PARTICIPANT_LEFT', payload: { learner: 'b' } }
    const removed: NewClassEvent = { type: 'PARTICIPANTS_REMOVED', payload: { learners: ['b'] } }
    for (const gone of [left, removed]) expect(present(gone, merge('a', 'b'))).toEqual(['a', 'c'])
  })
})

test('what an instructor asks for is refused with a sentence if it makes no sense', () => {
  const state = classOf({ type: 'PARTICIPANT_JOINED', payload: { learner: 'a', name: 'Ada', share: false } })
  const decide = (command: Parameters<typeof decideCommand>[0]) => () =>
    decideCommand(command, new Date(at), [slug], state)
  for (const minutes of [0, -5, 1_441, 1e300, Number.MIN_SAFE_INTEGER]) {
    const sentence = 'A timer or a break needs a number of minutes, at most 1440, which is a day.'
    expect(decide({ do: 'timer', minutes })).toThrow(sentence)
    expect(decide({ do: 'pause', minutes })).toThrow(sentence)
  }
  expect(decide({ do: 'message', text: 'x'.repeat(281) })).toThrow(
    'A message can have at most 280 characters. This one has 281.',
  )
  expect(decide({ do: 'show', text: 'x'.repeat(601) })).toThrow('A message on the wall can have at most 600')
  expect(decide({ do: 'rename', participant: 'a', name: 'x'.repeat(41) })).toThrow(
    'A name can have at most 40',
  )
  expect(decide({ do: 'rename', participant: 'a', name: '\u200b' })).toThrow('at least one visible character')
  expect(decide({ do: 'merge', participant: 'a', into: 'a' })).toThrow("Ada can't be merged with themselves.")
  expect(decide({ do: 'undo' })).toThrow("There's nothing to take back.")
})

describe('names', () => {
  test('are text on one line, whatever they were', () => {
    expect(plainName('  Ada \n\t Lovelace\u0000\u202e ')).toBe('Ada Lovelace')
    expect(plainName('\u200b\u2028')).toBe('')
    expect(plainName('<b>Ada</b>')).toBe('<b>Ada</b>')
    expect([...plainName('😀'.repeat(100))]).toHaveLength(40)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 60 }), (points) => {
        const text = String.fromCodePoint(...points)
        const plain = plainText(text, 40)
        expect(plainText(plain, 40)).toBe(plain)
        expect(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(plain)).toBe(false)
      }),
    )
  })

  test('that show nothing are refused, and piles of accents are cut', () => {
    for (const invisible of ['\u3164', '\u2800\u2800', '\u115f', '\u200b\u00ad', '\u0301']) {
      expect(plainName(invisible), JSON.stringify(invisible)).toBe('')
    }
    expect([...plainName(`A${'\u0302'.repeat(30)}`)].length).toBeLessThan(7)
  })

  test('with thousands of marks are read at once: in the worst order, Unicode takes seconds for each', () => {
    const marks = '\u0345'.repeat(6_600) + '\u0315'.repeat(6_600) + '\u0334'.repeat(6_600)
    for (let n = 0; n < 1_000; n += 1) expect(plainText(`A${marks}`, 280).length).toBeLessThan(7)
  })

  test.each([
    ['Ada', 'Аda'],
    ['Bob', 'B0b'],
    ['Ilse', 'llse'],
    ['Zoe', 'Zoë'],
    ['Ada', 'A d a'],
  ])('%s and %s look alike, so the second has a number', (one, other) => {
    const labels = new Labels([one, other].map((name, id) => ({ id: String(id), name })))
    expect(labels.get('1')).toBe(`${other} (2)`)
  })

  test('no two look alike', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('Ada', 'ADA', 'Ada (2)', 'Bob', 'Ａda')), (names) => {
        const all = new Labels(names.map((name, id) => ({ id: String(id), name })))
        const labels = names.map((_, id) => all.get(String(id)) ?? '')
        expect(new Set(labels.map((label) => label.normalize('NFKC').toLowerCase())).size).toBe(names.length)
      }),
    )
  })
})

test('a class that is read event by event looks like one that is read at once', () => {
  const learner = fc.constantFrom('a', 'b', 'c', 'd')
  const learners = fc.uniqueArray(learner, { minLength: 1 })
  const name = fc.constantFrom('Ada', 'Bob')
  const event: fc.Arbitrary<NewClassEvent> = fc.oneof(
    // Most events are of people who join.
    ...Array.from({ length: 4 }, () =>
      fc.record({
        type: fc.constant('PARTICIPANT_JOINED' as const),
        payload: fc.record({ learner, name, share: fc.boolean() }),
      }),
    ),
    fc.record({ type: fc.constant('PARTICIPANT_LEFT' as const), payload: fc.record({ learner }) }),
    fc.record({ type: fc.constant('PARTICIPANTS_REMOVED' as const), payload: fc.record({ learners }) }),
    fc.record({ type: fc.constant('PARTICIPANTS_RESTORED' as const), payload: fc.record({ learners }) }),
    fc.record({ type: fc.constant('PARTICIPANT_RENAMED' as const), payload: fc.record({ learner, name }) }),
    fc.record({
      type: fc.constant('PARTICIPANT_MERGED' as const),
      payload: fc.record({ learner, into: learner }),
    }),
    fc.record({ type: fc.constant('PARTICIPANT_SPLIT' as const), payload: fc.record({ learner }) }),
  )
  const read = (parts: readonly (readonly ClassEvent[])[]) => {
    const projection = new Projection(classId, [], () => undefined)
    for (const part of parts) projection.applyClassEvents(part)
    return { rows: projection.rows(), changes: projection.takeChanges().rows.length }
  }
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), fc.integer({ min: 0, max: 12 }), (events, middle) => {
      const timed = events.map((one) => ({ ...one, at }) as ClassEvent)
      const atOnce = read([timed])
      expect(read(timed.map((one) => [one]))).toEqual(atOnce)
      expect(read([timed.slice(0, middle), timed.slice(middle)])).toEqual(atOnce)
    }),
  )
})

test('a token belongs to one learner in one class, and a code is read however it is typed', () => {
  const learner = crypto.randomUUID()
  const token = tokenFor('key', learner)
  expect(learnerOf('key', token)).toBe(learner)
  expect(learnerOf('other', token)).toBeUndefined()
  expect(learnerOf('key', token.replace(learner, crypto.randomUUID()))).toBeUndefined()
  expect(learnerOf('key', `${token}x`)).toBeUndefined()
  expect(learnerOf('key', '')).toBeUndefined()
  expect(readCode(' k7q-x2m ')).toBe('K7QX2M')
  expect(newJoinCode()).toMatch(/^[A-HJKMNP-Z2-9]{6}$/)
})

test('timers and breaks end automatically', () => {
  const until = '2026-05-02T10:00:00.000Z'
  const announcements = { released: [], timer: { until, text: 'Task 1' }, pause: { until } }
  expect(announcementsAt(announcements, '2026-05-02T09:59:59.999Z')).toEqual(announcements)
  expect(announcementsAt(announcements, until)).toEqual({ released: [] })
  expect(announcementsAt({ released: [], pause: {} }, until)).toEqual({ released: [], pause: {} })
})

test('news is shown once', () => {
  const announcements = { position: slug, message: { at, text: 'Coffee\u001b[2J' }, released: [slug] }
  const view: ClassView = {
    kind: 'class',
    now: at,
    name: 'Tuesday',
    label: 'Ada',
    lead: announcements,
    handIsUp: false,
    sharesCode: false,
    closed: false,
  }
  const name = (asked: string) => (asked === slug ? '07 Concurrency' : undefined)
  expect(newsFor(view, undefined, name, (iso) => iso)).toEqual([
    'The class is at 07 Concurrency.',
    'Your instructor says: Coffee [2J',
    'The solution to 07 Concurrency has been released: npx eventlings solution 07',
  ])
  expect(newsFor(view, announcements, name, (iso) => iso)).toEqual([])
  const closed = { ...view, closed: true }
  const line = 'The class is closed. Your progress stays on your machine.'
  expect(newsFor(closed, toldOf(view), name, (iso) => iso)).toEqual([line])
  expect(newsFor(closed, toldOf(closed), name, (iso) => iso)).toEqual([])
})

describe('a spreadsheet never takes text for a formula', () => {
  const cellOf = (label: string) => {
    const csv = csvRows(pageOf(label))
    return csv.slice(csv.indexOf('"1",') + 4, csv.indexOf(`,"${at}"`))
  }

  test('and every field is in quotes', () => {
    expect(csvHead + csvRows(pageOf('=HYPERLINK("http://x","y")'))).toBe(
      `\ufeff"participant","name","joined","at","lesson","passed","task","diagnosis"\r\n"1","'=HYPERLINK(""http://x"",""y"")","${at}","","","","",""\r\n`,
    )
  })

  test.each([
    ['Ada', '"Ada"'],
    ['-1', `"'-1"`],
    [' =1+1', `"'=1+1"`],
    ['\n=1+1', `"'=1+1"`],
    ['\t@SUM(A1)', `"'@SUM(A1)"`],
    [';=1+1', `";'=1+1"`],
    ['x; =1+1', `"x; '=1+1"`],
    ['＝1+1', `"'＝1+1"`],
    ['\u001b[31mred\u001b[0m', '"[31mred [0m"'],
    ['two\r\nlines', '"two lines"'],
    ['a = b, c - d', '"a = b, c - d"'],
  ])('%j', (text, cell) => {
    expect(cellOf(text)).toBe(cell)
  })
})

function pageOf(label: string) {
  return { row: rowOf(ada, label, newRow), attempts: [] }
}
