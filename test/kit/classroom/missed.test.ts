import { expect, test } from 'vitest'
import type { Changes } from '../../../src/classroom/api.ts'
import { Missed } from '../../../src/classroom/http/missed.ts'

const changes = (now: string) => ({ kind: 'changes', now }) as Changes

test('the only changes are sent as they are, and once', () => {
  const missed = new Missed()
  expect([missed.isEmpty, missed.take()]).toEqual([true, undefined])
  missed.add(changes('1'))
  expect([missed.isEmpty, missed.take(), missed.isEmpty]).toEqual([false, changes('1'), true])
})

test('of several nothing is kept, however many there are', () => {
  const missed = new Missed()
  for (let n = 0; n < 1_000; n += 1) missed.add(changes(`${n}`))
  expect([missed.take(), missed.take()]).toEqual(['several', undefined])
})
