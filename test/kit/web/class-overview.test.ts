import { describe, expect, test } from 'vitest'
import type { Overview, ParticipantRow, Status } from '../../../src/classroom/api.ts'
import { duration } from '../../../src/web/client/class/duration.ts'
import { rowsToShow, withChanges } from '../../../src/web/client/class/overview.ts'

function row(label: string, more: Partial<ParticipantRow> = {}): ParticipantRow {
  const at = '2026-05-02T09:00:00.000Z'
  const known = { id: label, label, number: 1, joinedAt: at, seenAt: at, lessons: {}, checks: [] }
  return { ...known, sharesCode: false, ...more }
}

function overview(...participants: ParticipantRow[]): Overview {
  return {
    kind: 'overview',
    now: '2026-05-02T09:00:00.000Z',
    class: { id: 'c', name: 'Class', lessons: [], openedAt: '2026-05-02T08:00:00.000Z' },
    announcements: { released: [], position: '01-events' },
    joinCode: 'ABC-123',
    addresses: [],
    participants,
    summary: { participants: participants.length, hands: 0, lessons: [], diagnoses: [] },
  }
}

const labels = (rows: readonly ParticipantRow[]) => rows.map(({ label }) => label)
const failure = { slug: '01-events', diagnosis: 'No.' }
const lights = (light: Status) => ({
  '01-events': { light, attempts: 1, hints: 0 },
})

describe('withChanges', () => {
  test('replaces changed rows, keeps the others as they are, and removes those who left', () => {
    const before = overview(row('Ada'), row('Bo'), row('Cy'))
    const after = withChanges(before, {
      ...before,
      kind: 'changes',
      participants: [row('Bo', { sharesCode: true }), row('Di')],
      left: ['Cy'],
    })
    expect(labels(after.participants)).toEqual(['Ada', 'Bo', 'Di'])
    expect(after.participants[0]).toBe(before.participants[0])
    expect(after.participants[1]?.sharesCode).toBe(true)
    expect(after.joinCode).toBe('ABC-123')
    const news = { ...before, kind: 'changes', left: [] } as const
    const full = withChanges(before, { ...news, full: true })
    expect([full.full, withChanges(full, news).full]).toEqual([true, undefined])
  })
})

describe('rowsToShow', () => {
  const ada = row('Ada', { hand: { at: '2026-05-02T09:05:00.000Z', text: '' }, lessons: lights('failing') })
  const bo = row('bo', {
    failure,
    current: { slug: '01-events', since: '2026-05-02T08:30:00.000Z', attempts: 3 },
  })
  const cy = row('Cy', { lessons: lights('passed'), seenAt: '2026-05-02T08:00:00.000Z' })
  const di = row('Di', {
    hand: { at: '2026-05-02T09:01:00.000Z', text: 'help' },
    lessons: lights('passed-after-solution'),
  })
  const everybody = overview(ada, bo, cy, di)

  test.each([
    ['hands first', ['Di', 'Ada', 'bo', 'Cy']],
    ['name', ['Ada', 'bo', 'Cy', 'Di']],
    ['progress', ['Cy', 'Di', 'Ada', 'bo']],
    ['longest on their task', ['bo', 'Ada', 'Cy', 'Di']],
    ['quiet the longest', ['Cy', 'Ada', 'bo', 'Di']],
  ] as const)('%s', (order, expected) => {
    expect(labels(rowsToShow(everybody, order, 'everyone', ''))).toEqual(expected)
  })

  test.each([
    ['failing', ['bo']],
    ['hands up', ['Ada', 'Di']],
    ['not started', ['bo']],
    ['done with the current lesson', ['Cy', 'Di']],
  ] as const)('only: %s', (shown, expected) => {
    expect(labels(rowsToShow(everybody, 'name', shown, ''))).toEqual(expected)
  })

  test('a learner who skipped the current lesson is done with it', () => {
    const all = overview(ada, row('Ed', { lessons: lights('skipped') }))
    expect(labels(rowsToShow(all, 'name', 'done with the current lesson', ''))).toEqual(['Ed'])
  })

  test('part of a name, in any case', () => {
    expect(labels(rowsToShow(everybody, 'name', 'everyone', ' D '))).toEqual(['Ada', 'Di'])
  })
})

test('how long ago, in words', () => {
  expect([-5_000, 59_000, 60_000, 3_600_000, 47 * 3_600_000, 49 * 3_600_000].map(duration)).toEqual([
    'now',
    'now',
    '1 min',
    '1 h',
    '47 h',
    '2 days',
  ])
})
