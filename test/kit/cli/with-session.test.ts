import { expect, test, vi } from 'vitest'
import type { Checker, Target } from '../../../src/check/index.ts'
import { newCleanups } from '../../../src/cli/interrupt.ts'
import { unlessEnding } from '../../../src/cli/with-session.ts'
import type { CheckSession } from '../../../src/learner/check-session.ts'

const solution: Target = { kind: 'solution' }

/** A session that checks nothing and records what it was asked. */
function fakeSession() {
  const check = vi.fn<Checker['check']>().mockResolvedValue({} as Awaited<ReturnType<Checker['check']>>)
  const session = { check, open: async () => ({ redis: {} }), close: async () => {} }
  return { check, session: session as unknown as CheckSession }
}

test('a lent session passes on the options of a check', async () => {
  const { check, session } = fakeSession()
  const lent = unlessEnding(session, newCleanups())
  await lent.check('01-events', solution, { untilFirstFailure: true })
  expect(check.mock.calls).toEqual([['01-events', solution, { untilFirstFailure: true }]])
})

test('after a signal it returns no more verdicts', async () => {
  const { session } = fakeSession()
  const cleanups = newCleanups()
  const told = vi.fn()
  const asked = unlessEnding(session, cleanups).check('01-events', solution)
  void asked.then(told)
  await cleanups.end()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).not.toHaveBeenCalled()
})
