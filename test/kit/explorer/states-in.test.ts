import { expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { statesIn } from '../../../src/explorer/index.ts'
import type { Change, KeyState, Recording, Step } from '../../../src/recording/index.ts'
import { starterRun } from '../recording/starter.ts'

const course = await loadCourse()
const event = (eventType: string, payload: object) =>
  JSON.stringify({ eventId: 'e', timestamp: 't', eventType, entityId: 'ada', payload, metadata: {} })
const registered = event('USER_REGISTERED', { name: 'Ada', email: 'old@example' })
const events: KeyState = { key: 'events:ada', type: 'list', items: [{ s: registered }] }

/** A recording that begins with these keys, and has no steps of its own. */
function recordingOf(before: readonly KeyState[], steps: readonly Step[], lesson = '03-replay'): Recording {
  return { ...starterRun(), lesson, depth: 'changes', before, steps }
}

test("a state that was there before the first step isn't a change", async () => {
  const [first, ...others] = await statesIn(course, recordingOf([events], []))
  expect(others).toEqual([])
  expect(first).toMatchObject({ at: 0, key: 'events:ada', changed: { key: 'ada', sign: ' ' } })
  expect(first?.since?.lines).toContainEqual({ sign: ' ', depth: 0, name: 'email', text: 'old@example' })
})

test('a step that adds an event says what that changed, and then how the state looks', async () => {
  const changed = { s: event('USER_EMAIL_CHANGED', { email: 'new@example' }) }
  const [step] = starterRun().steps
  if (step === undefined) throw new Error('The recording has no steps.')
  const change: Change = { type: 'list', key: 'events:ada', from: 1, gone: [], add: [changed] }
  const found = await statesIn(course, recordingOf([events], [{ ...step, changes: [change] }]))
  expect(found.map(({ at }) => at)).toEqual([0, 1])
  const email = (text: string, sign: string) => ({ sign, depth: 0, name: 'email', text })
  expect(found[1]?.changed.lines).toContainEqual(email('old@example → new@example', '~'))
  expect(found[1]?.since?.lines).toContainEqual(email('new@example', ' '))
})

test('a lesson without a fold has no states', async () => {
  expect(await statesIn(course, recordingOf([events], [], '07-concurrency'))).toEqual([])
})
