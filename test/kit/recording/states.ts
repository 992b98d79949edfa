import fc from 'fast-check'
import type { KeyState, Text } from '../../../src/recording/types.ts'

/** Few different words, so that states overlap; `__proto__` is a field like any other. */
const word = fc.constantFrom('a', 'b', 'c', 'd', '', 'ü', '__proto__', 'constructor', '10', '9')

const text: fc.Arbitrary<Text> = fc.record(
  { s: word, bytes: fc.constantFrom(300, 900), hidden: fc.constant(true as const) },
  { requiredKeys: ['s'] },
)

const id = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 2 }))
  .map((parts) => parts.join('-'))

const entries = fc.uniqueArray(fc.record({ id, fields: fc.array(text, { maxLength: 4 }) }), {
  selector: (entry) => entry.id,
  maxLength: 8,
})

const group = fc.record({
  group: word,
  cursor: id,
  pending: fc.uniqueArray(fc.record({ id, consumer: word, delivered: fc.integer({ min: 1, max: 4 }) }), {
    selector: (one) => one.id,
    maxLength: 4,
  }),
})

const pttl = fc.constantFrom({}, {}, {}, { pttl: 100 }, { pttl: 2_000 })

/** Any state of the key, or null if it doesn't exist. */
export function anyState(key: string): fc.Arbitrary<KeyState | null> {
  const stream = fc.record({
    entries,
    length: fc.nat(20),
    lastId: id,
    groups: fc.uniqueArray(group, { selector: (one) => one.group, maxLength: 3 }),
  })
  const zset = fc.uniqueArray(
    fc.record({ member: text, score: fc.constantFrom('1', '2.5', '-inf', 'inf') }),
    {
      selector: (one) => JSON.stringify(one.member),
    },
  )
  const any: fc.Arbitrary<KeyState> = fc.oneof(
    fc.tuple(pttl, stream).map(([ttl, rest]) => ({ key, type: 'stream' as const, ...ttl, ...rest })),
    fc
      .tuple(pttl, fc.dictionary(word, text))
      .map(([ttl, fields]) => ({ key, type: 'hash' as const, ...ttl, fields })),
    fc.tuple(pttl, fc.array(text)).map(([ttl, members]) => ({ key, type: 'set' as const, ...ttl, members })),
    fc.tuple(pttl, zset).map(([ttl, members]) => ({ key, type: 'zset' as const, ...ttl, members })),
    fc.tuple(pttl, fc.array(text)).map(([ttl, items]) => ({ key, type: 'list' as const, ...ttl, items })),
    fc.tuple(pttl, text).map(([ttl, value]) => ({ key, type: 'string' as const, ...ttl, value })),
    fc
      .tuple(pttl, fc.constantFrom('hash', 'list'), fc.integer({ min: 201, max: 204 }))
      .map(([ttl, of, length]) => ({ key, type: 'large' as const, ...ttl, of, length })),
  )
  return fc.option(any, { freq: 6 })
}

/** All keys, one moment after the other. */
export function anyHistory(): fc.Arbitrary<readonly (readonly KeyState[])[]> {
  const moment = fc
    .tuple(anyState('order:1'), anyState('orders'), anyState('orders:seen'))
    .map((states) => states.filter((state) => state !== null))
  return fc.array(moment, { minLength: 1, maxLength: 6 })
}
