import { expect, test } from 'vitest'
import { Waiting } from '../../../src/classroom/hub/waiting.ts'

const LONG = 60_000

test('what holds already is not waited for', async () => {
  await new Waiting().until(() => true, LONG)
})

test('a change wakes those whose wish it brings, and no others', async () => {
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

test('nobody waits longer than they want to', async () => {
  await new Waiting().until(() => false, 1)
})
