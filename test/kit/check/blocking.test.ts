import { expect, test } from 'vitest'
import { blockingOf } from '../../../src/check/kit/blocking.ts'

const blocking = (text: string) => {
  const [name = '', ...args] = text.split(' ')
  return blockingOf(name, args)
}

test('a read with BLOCK waits, for so long or forever', () => {
  expect(blocking('XREAD BLOCK 50 STREAMS s $')).toEqual({ kind: 'for', ms: 50 })
  expect(blocking('xreadgroup GROUP g c block 0 streams s >')).toEqual({ kind: 'forever' })
  expect(blocking('BLPOP l 0.5')).toEqual({ kind: 'for', ms: 500 })
})

test('a read without it does not, whatever its stream is called', () => {
  expect(blocking('XREAD STREAMS s 0')).toBeUndefined()
  expect(blocking('XREAD STREAMS block 0')).toBeUndefined()
  expect(blocking('LPOP l')).toBeUndefined()
})
