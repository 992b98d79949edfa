import { describe, expect, test } from 'vitest'
import type { Attempt, ParticipantPage } from '../../../src/classroom/api.ts'
import { DiagnosisCosts } from '../../../src/classroom/report.ts'

function attempt(minute: number, slug: string, diagnosis?: string): Attempt {
  const at = new Date(Date.UTC(2026, 4, 2, 9, minute)).toISOString()
  const told = diagnosis === undefined ? { passed: true } : { passed: false, task: 'append', diagnosis }
  return { eventId: `${minute}${slug}`, at, slug, tasks: [], ...told }
}

function participant(id: string, ...attempts: Attempt[]): ParticipantPage {
  const at = '2026-05-02T09:00:00.000Z'
  const row = {
    id,
    label: id,
    number: 1,
    joinedAt: at,
    seenAt: at,
    lessons: {},
    checks: [],
    sharesCode: false,
  }
  return { kind: 'participant', row, earlier: 0, attempts, activity: [] }
}

function costOfDiagnoses({ participants }: { readonly participants: readonly ParticipantPage[] }) {
  const costs = new DiagnosisCosts()
  for (const one of participants) costs.add(one)
  return costs.sorted()
}

describe('what diagnoses cost', () => {
  test('counts the time until the next check of the same lesson, and who it cost', () => {
    const costs = costOfDiagnoses({
      participants: [
        participant(
          'Ada',
          attempt(0, '07', 'two commands'),
          attempt(4, '07', 'two commands'),
          attempt(5, '01'),
          attempt(6, '07'),
        ),
        participant('Bo', attempt(0, '07', 'a gap'), attempt(10, '07', 'two commands')),
      ],
    })
    expect(costs).toEqual([
      { slug: '07', task: 'append', diagnosis: 'a gap', participants: 1, checks: 1, ms: 600_000 },
      { slug: '07', task: 'append', diagnosis: 'two commands', participants: 2, checks: 3, ms: 360_000 },
    ])
  })

  test('tasks that were not started cost nothing', () => {
    const starter = { ...attempt(0, '07', "`append` isn't written yet."), unbegun: true as const }
    expect(costOfDiagnoses({ participants: [participant('Ada', starter, attempt(9, '07'))] })).toEqual([])
  })

  test('a night does not count as work', () => {
    const [cost] = costOfDiagnoses({
      participants: [participant('Ada', attempt(0, '07', 'x'), attempt(600, '07'))],
    })
    expect(cost?.ms).toBe(30 * 60_000)
  })

  test('without failures there is no cost', () => {
    expect(costOfDiagnoses({ participants: [participant('Ada', attempt(0, '07'))] })).toEqual([])
  })
})
