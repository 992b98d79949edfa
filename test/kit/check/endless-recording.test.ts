import { expect, test } from 'vitest'
import type { SentCommand } from '../../../src/check/kit/context.ts'
import { newCaller } from '../../../src/check/kit/races/callers.ts'
import { orderOf, recordingOf } from '../../../src/check/worker/recorder.ts'
import { withinLimits } from '../../../src/check/worker/recording-limits.ts'
import type { Recording } from '../../../src/recording/index.ts'
import { parseRecording } from '../../../src/recording/parse.ts'

test('of a test that never stops sending, the beginning and the end are looked through', () => {
  const caller = newCaller('only')
  const count = 40_000
  const commands = Array.from({ length: count }, (_, i): SentCommand => {
    const [issued, sent, answered] = [3 * i, 3 * i + 1, 3 * i + 2]
    const times = { issued, issuedAt: issued, sent, sentAt: sent, answered, answeredAt: answered, turn: i }
    const args = [i % 2 === 0 ? 'a' : 'b', String(i)]
    return { client: 1, caller, name: 'SET', args, reply: 'OK', pending: false, origin: {}, ...times }
  })
  const recorded = orderOf(commands, [], [])
  const job = { file: '', secret: '', lesson: 'l', version: 'v', engine: 'e' }
  const ended = { task: 't', test: 't', failure: { diagnosis: 'd' }, recorded, depth: 'order' } as const
  const json = withinLimits(recordingOf(job, ended))
  const { steps, cut }: Recording = parseRecording(json, 'it')
  expect(steps.length).toBeLessThan(2_000)
  expect(cut?.steps).toBe(count - steps.length + 1)
  expect(steps.flatMap((step) => (step.kind === 'check' ? [step.what] : []))).toEqual([
    `${cut?.steps} steps are left out here`,
  ])
  const numbers = steps.flatMap((step) => (step.kind === 'command' ? [Number(step.args[2]?.s)] : []))
  expect([numbers[0], numbers.at(-1)]).toEqual([0, count - 1])
})
