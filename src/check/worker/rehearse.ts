import type { SentCommand } from '../kit/context.ts'
import { newCaller } from '../kit/races/callers.ts'
import { orderOf, recordingOf } from './recorder.ts'
import { withinLimits } from './recording-limits.ts'

/**
 * Records a small race that nobody ran. A process checks one answer and ends, so everything here would run for the first
 * time, and be compiled, while a learner waits for the verdict.
 */
export function rehearseRecording(): string {
  const callers = [newCaller('first'), newCaller('second')]
  const plan = [
    [0, 'GET', ['key']],
    [1, 'GET', ['key']],
    [1, 'SET', ['key', '1']],
    [0, 'SET', ['key', '1']],
  ] as const
  const commands = plan.map(([who, name, args], i): SentCommand => {
    const [issued, sent, answered] = [3 * i, 3 * i + 1, 3 * i + 2]
    const times = { issued, issuedAt: issued, sent, sentAt: sent, answered, answeredAt: answered, turn: i }
    const caller = callers[who] ?? newCaller('only')
    const reply = name === 'GET' ? null : 'OK'
    return {
      client: who + 1,
      caller,
      name,
      args,
      reply,
      pending: false,
      pipeline: undefined,
      origin: {},
      ...times,
    }
  })
  const job = { file: '', secret: '', lesson: '', version: '', engine: '' }
  const failure = { diagnosis: '' }
  const recorded = orderOf(commands, [], [])
  return withinLimits(recordingOf(job, { task: '', test: '', failure, recorded, depth: 'order' }))
}
