import { expect, test } from 'vitest'
import { judge } from '../../../src/check/host/verdict.ts'
import type { RunRecord } from '../../../src/check/host/worker-process.ts'

type State = 'passed' | 'failed'

/** Three tasks, each of which builds on the one before, and one that builds on none. */
const tasks = [
  { name: 'applyEvent', lacking: undefined, buildsOn: [] },
  { name: 'getState', lacking: undefined, buildsOn: ['applyEvent'] },
  { name: 'unknown events', lacking: undefined, buildsOn: ['getState'] },
  { name: 'encodeEvent', lacking: undefined, buildsOn: [] },
]

function diagnoses(
  states: readonly [State, State, State, State],
  said = (task: string) => `${task} is wrong.`,
): readonly (string | undefined)[] {
  const record: RunRecord = {
    reports: [
      ...tasks.map(({ name: task }, at) => {
        const state = states[at] ?? 'passed'
        const failure =
          state === 'failed' ? { failure: { diagnosis: said(task), expected: 'a', received: 'b' } } : {}
        return { kind: 'task', task, state, ran: 1, commands: [], ...failure } as const
      }),
      { kind: 'done', notes: [], stays: false },
    ],
    forged: false,
    ending: { kind: 'done' },
    output: '',
  }
  const verdict = judge(record, { tasks, shown: (file) => file })
  expect(verdict.passed).toBe(false)
  for (const [at, { state }] of verdict.tasks.entries()) expect(state).toBe(states[at])
  return verdict.tasks.map(({ diagnosis }) => diagnosis)
}

const first = 'This task builds on task 1 (applyEvent), which fails above. Fix that first.'

test('a task points to the first failing task that it builds on, directly or not', () => {
  expect(diagnoses(['failed', 'failed', 'failed', 'failed'])).toEqual([
    'applyEvent is wrong.',
    first,
    first,
    'encodeEvent is wrong.',
  ])
  expect(diagnoses(['failed', 'passed', 'failed', 'passed'])[2]).toBe(first)
})

test('a task says what is wrong with it as soon as the tasks it builds on pass', () => {
  expect(diagnoses(['passed', 'failed', 'passed', 'failed'])).toEqual([
    undefined,
    'getState is wrong.',
    undefined,
    'encodeEvent is wrong.',
  ])
})

test('what ended the run stays', () => {
  const verdict = judge(
    {
      reports: [
        {
          kind: 'task',
          task: 'applyEvent',
          state: 'failed',
          ran: 1,
          commands: [],
          failure: { diagnosis: 'applyEvent is wrong.' },
        },
        { kind: 'test', task: 'getState', test: 'a test' },
      ],
      forged: false,
      ending: { kind: 'exit', code: 3, signal: null },
      output: '',
    },
    { tasks, shown: (file) => file },
  )
  expect(verdict.tasks[1]?.diagnosis).toContain('process ended (exit code')
})

test('an unwritten task says so', () => {
  const starter = (task: string) => `\`${task}\` isn't written yet. The task says what it should do.`
  expect(diagnoses(['failed', 'failed', 'failed', 'failed'], starter)).toEqual(
    tasks.map(({ name }) => starter(name)),
  )
})
