import { expect, test } from 'vitest'
import type { SentCommand } from '../../../src/check/kit/context.ts'
import { isBusyPolling } from '../../../src/check/kit/endless/busy-polling.ts'

/** Commands that were each answered after so many milliseconds, followed by a pause of a given length. */
function asked(count: number, reply: number, pause: number, args: readonly string[] = []): SentCommand[] {
  return Array.from({ length: count }, (_, i) => {
    const issuedAt = i * (reply + pause)
    const answeredAt = issuedAt + reply
    const caller = { part: 'only', end: 'open' } as const
    return {
      client: 1,
      caller,
      name: 'GET',
      args,
      pending: false,
      issued: i,
      issuedAt,
      answeredAt,
      origin: {},
    }
  })
}

test('sending again at each reply is busy polling, however slow the replies are', () => {
  expect(isBusyPolling(asked(200, 0.1, 0.05))).toBe(true)
  expect(isBusyPolling(asked(60, 15, 0.2))).toBe(true)
})

test('with a pause it is not, however many commands fit in', () => {
  expect(isBusyPolling(asked(200, 10, 20))).toBe(false)
})

test('a pause after every third command counts', () => {
  const bursts = asked(200, 0.1, 0).map((command, i) => {
    const later = Math.floor(i / 3) * 20
    return { ...command, issuedAt: command.issuedAt + later, answeredAt: (command.answeredAt ?? 0) + later }
  })
  expect(isBusyPolling(bursts)).toBe(false)
})

test('neither blocking reads nor a few commands are busy polling', () => {
  expect(isBusyPolling(asked(100, 5, 0, ['BLOCK', '5', 'STREAMS', 's', '0']))).toBe(false)
  expect(isBusyPolling(asked(39, 0.1, 0))).toBe(false)
})
