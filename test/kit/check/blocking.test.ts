import { expect, test } from 'vitest'
import { blockingOf } from '../../../src/check/kit/silence/blocking.ts'

const forever = { kind: 'forever' }
test.each([
  ['XREAD BLOCK 0 STREAMS s $', forever],
  ['XREADGROUP GROUP g c COUNT 1 block 250 STREAMS s >', { kind: 'for', ms: 250 }],
  ['XREAD COUNT 5 STREAMS s 0', undefined],
  ['XREAD STREAMS block 0', undefined],
  ['BLPOP a b 0', forever],
  ['BLMOVE a b LEFT RIGHT 1.5', { kind: 'for', ms: 1_500 }],
  ['BLMPOP 2 1 a LEFT', { kind: 'for', ms: 2_000 }],
  ['WAIT 1 0', forever],
  ['WAITAOF 1 0 100', { kind: 'for', ms: 100 }],
  ['XADD s * word BLOCK', undefined],
  ['LPOP a', undefined],
])('%s', (line, blocking) => {
  const [name = '', ...args] = line.split(' ')
  expect(blockingOf(name, args)).toEqual(blocking)
})
