import { expect, test } from 'vitest'
import { Waiting } from '../../../src/classroom/hub/waiting.ts'

const LONG = 60_000

test('a condition that is already true is not awaited', async () => {
  await new Waiting().until(() => true, LONG)
})

test('a change wakes the callers whose condition it meets, and no others', async () => {
  const waiting = new Waiting()
  const there = new Set<string>()
  const seen: string[] = []
  const one = waiting.until(() => there.has('one'), LONG).then(() => seen.push('one'))
  const two = waiting.until(() => there.has('two'), LONG).then(() => seen.push('two'))
  waiting.look()
  there.add('two')
  waiting.look()
  await two
  expect(seen).toEqual(['two'])
  there.add('one')
  waiting.look()
  await one
  expect(seen).toEqual(['two', 'one'])
})

test('no caller waits longer than it wants to', async () => {
  await new Waiting().until(() => false, 1)
})
