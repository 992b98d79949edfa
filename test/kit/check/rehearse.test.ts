import { expect, test } from 'vitest'
import { rehearseRecording } from '../../../src/check/worker/rehearse.ts'
import type { Recording } from '../../../src/recording/index.ts'

test('what a process rehearses is a whole recording, of a race with a collision', () => {
  const { steps, lanes, collision }: Recording = JSON.parse(rehearseRecording())
  expect(steps.map((step) => [step.kind, 'lane' in step && step.lane])).toEqual([
    ['command', 1],
    ['command', 2],
    ['command', 2],
    ['command', 1],
  ])
  expect(lanes).toHaveLength(2)
  expect(collision?.kind).toBe('stale')
})
