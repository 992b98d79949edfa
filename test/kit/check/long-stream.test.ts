import type { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { pagingFault, plantLongStream, type SentCommand } from '../../../src/check/kit/index.ts'

/** Records the IDs that would be added, without a server. */
function noted() {
  const added: (readonly string[])[] = []
  const pipeline = { xadd: (...args: string[]) => added.push(args), exec: async () => [] }
  return { added, admin: { pipeline: () => pipeline } as unknown as Redis }
}

describe('a long stream', () => {
  test('is within one millisecond, and longer than two pages', async () => {
    const { added, admin } = noted()
    const { counted, leftOut } = await plantLongStream(admin, 's', { page: 100, fields: () => ({ a: 'b' }) })
    expect([counted.length, counted[0], counted.at(-1), leftOut]).toEqual([210, '7-1', '7-210', []])
    expect(added[9]).toEqual(['s', '7-10', 'a', 'b'])
  })

  test.each([10, 11, 37, 50, 64, 99, 100])('has a page of %i without any that counts', async (size) => {
    const planted = await plantLongStream(noted().admin, 's', {
      page: 100,
      fields: () => ({ a: 'b' }),
      leftOut: () => ({ a: 'c' }),
    })
    const counts = new Set(planted.counted)
    const pages = Array.from({ length: Math.floor(210 / size) }, (_, page) =>
      Array.from({ length: size }, (_, i) => counts.has(`7-${page * size + i + 1}`)),
    )
    expect(pages.some((page) => !page.includes(true))).toBe(true)
    expect(pages[0]).toContain(false)
    expect(counts.has('7-210')).toBe(true)
  })
})

const sent = (name: string, args: readonly string[], reply: unknown): SentCommand => ({
  client: 1,
  caller: { part: 'only', end: 'open' },
  name,
  args,
  pending: false,
  issued: 0,
  issuedAt: 0,
  origin: {},
  reply,
})
const entries = (...ids: string[]) => ids.map((id) => [id, ['field', '9-9']])

describe('a loop that skips a millisecond', () => {
  test.each([
    ['XRANGE', ['s', '8-0', '+']],
    ['XRANGE', ['s', '8', '+']],
    ['XRANGE', ['s', '(8-0', '+']],
    ['XREAD', ['COUNT', '2', 'STREAMS', 's', '8-0']],
  ])('%s %j', (name, args) => {
    const first = sent(name, [], name === 'XREAD' ? [['s', entries('7-1', '7-2')]] : entries('7-1', '7-2'))
    expect(pagingFault([first, sent(name, args, [])])).toContain('`(7-2`, not at the next millisecond')
  })

  test.each([
    ['XRANGE', ['s', '(7-2', '+', 'COUNT', '8']],
    ['XRANGE', ['s', '7-3', '+']],
    ['XTRIM', ['s', 'MINID', '8-0']],
  ])('is not in %s %j', (name, args) => {
    expect(pagingFault([sent('XRANGE', [], entries('7-1', '7-2')), sent(name, args, [])])).toBe('')
  })
})

test("a version isn't a millisecond", () => {
  expect(pagingFault([sent('XRANGE', [], entries('7-0')), sent('XRANGE', ['s', '8-0', '+'], [])])).toBe('')
})

describe('a loop that ends after a full page', () => {
  const read = (reply: unknown) => [
    sent('XRANGE', ['s', '-', '+', 'COUNT', '2'], reply),
    sent('GET', ['k'], null),
  ]

  test('is told about it', () => {
    expect(pagingFault(read(entries('7-1', '7-2')))).toContain('after a full page of 2 entries')
  })

  test('is told nothing after a short page', () => {
    expect(pagingFault(read(entries('7-1')))).toBe('')
    expect(pagingFault([])).toBe('')
  })
})
