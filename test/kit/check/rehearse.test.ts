import { expect, test } from 'vitest'
import { rehearseRecording } from '../../../src/check/worker/rehearse.ts'

test('what a process rehearses is a whole recording, of a race with a collision', () => {
  const { steps, lanes, collision } = rehearseRecording()
  expect(steps.map(({ kind, lane }: { kind: string; lane?: number }) => [kind, lane])).toEqual([
    ['command', 1],
    ['command', 2],
    ['command', 2],
    ['command', 1],
  ])
  expect(lanes).toHaveLength(2)
  expect(collision?.kind).toBe('stale')
})
