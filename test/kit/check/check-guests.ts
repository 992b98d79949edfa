import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Fixture, openFixture, spelledOut } from './fixture-course.ts'
import { GOOD, type Guest } from './guests.ts'

vi.setConfig({ testTimeout: 180_000 }) // guests that never end are waited for, even on a busy machine

/** One test for each of them, one after another in the same checker, and a right answer at the end. */
export function checkGuests(guests: readonly Guest[]): void {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  afterAll(() => fixture.close())

  describe('a guest that misbehaves gets its own sentence, and the next check works', () => {
    for (const { what, answer, says, tells } of guests) {
      test(what, async () => {
        const result = await fixture.check(answer)
        if (says !== undefined) {
          expect(result.passed).toBe(false)
          expect(spelledOut(result)).toMatch(says)
        } else {
          expect(spelledOut(result)).toBe('')
          expect(result.passed).toBe(true)
        }
        if (tells !== undefined) expect([result.output, ...result.notes].join('\n')).toMatch(tells)
      })
    }

    test('a right answer passes after all of them', async () => {
      expect((await fixture.check(GOOD)).passed).toBe(true)
    })
  })
}
