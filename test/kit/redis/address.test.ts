import fc from 'fast-check'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { type Address, clientOptions, plainUrl, readAddress } from '../../../src/redis/address.ts'

const plain = { tls: false, username: undefined, password: undefined, database: 0 }

describe('an address', () => {
  test.each<[string, Address]>([
    ['redis://localhost', { ...plain, host: 'localhost', port: 6379, place: 'localhost:6379' }],
    ['redis://[::1]:7806', { ...plain, host: '::1', port: 7806, place: '[::1]:7806' }],
    [
      'redis://[2001:DB8:0::5]/4',
      { ...plain, host: '2001:db8::5', port: 6379, database: 4, place: '[2001:db8::5]:6379' },
    ],
    [
      'rediss://me:s%3Acret@db.example:6380/3',
      {
        host: 'db.example',
        port: 6380,
        tls: true,
        username: 'me',
        password: 's:cret',
        database: 3,
        place: 'db.example:6380',
      },
    ],
  ])('%s is read', (text, expected) => {
    expect(readAddress(text)).toEqual(expected)
  })

  test('means the same to ioredis, as a URL and as options, whatever the password is', () => {
    const address = fc.record({
      password: fc.string({ minLength: 1, unit: 'grapheme' }),
      username: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      place: fc.constantFrom('127.0.0.1:7000', '[::1]:7000', 'db.example:7000'),
      tls: fc.boolean(),
      database: fc.nat(15),
    })
    fc.assert(
      fc.property(address, ({ place, ...rest }) => {
        const url = plainUrl({ ...rest, host: '', port: 0, place })
        const read = readAddress(url)
        expect(read).toMatchObject({ ...rest, place })
        const asUrl = new Redis(url, { lazyConnect: true }).options
        const asOptions = new Redis({ ...clientOptions(read), lazyConnect: true }).options
        const parts = ({ host, port, db, username, password, tls }: typeof asUrl) => [
          ...[host, port, db, password],
          username ?? '', // an empty one in a URL counts as none
          tls !== undefined,
        ]
        expect(parts(asUrl)).toEqual(parts(asOptions))
      }),
    )
  })
})
