import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inOrder, type Timed } from '../../../src/check/kit/recorder/order.ts'

/** A command with the moments at which it was sent and answered; its first argument identifies it. */
function sent(
  client: number,
  text: string,
  moments: readonly [sent: number, answered?: number],
  reply?: unknown,
) {
  const [name = '', ...args] = text.split(' ')
  const [at, answered] = moments
  const turn = answered === undefined ? {} : { answered, turn: Math.floor(answered / 10) }
  return { client, name, args, reply, issued: at - 0.5, sent: at, ...turn }
}
const lines = (commands: readonly Timed[]) =>
  inOrder(commands).map(
    ({ command: { client, name, args }, about }) =>
      `${client} ${[name, ...args].join(' ')}${about ? ' ?' : ''}`,
  )

describe('the order in which Redis executed commands', () => {
  test('follows the replies, not the order in which the code sent them', () => {
    const held = { ...sent(1, 'XADD s', [8, 9]), issued: 2 }
    expect(
      lines([sent(1, 'XLEN s', [0, 1]), held, sent(2, 'XLEN s', [3, 4]), sent(2, 'XADD s', [5, 6])]),
    ).toEqual(['1 XLEN s', '2 XLEN s', '2 XADD s', '1 XADD s'])
  })

  test('is uncertain where two connections overlapped, and only there', () => {
    const all = [sent(1, 'GET a', [1, 4]), sent(2, 'GET b', [2, 3]), sent(2, 'GET c', [5, 6])]
    expect(lines(all)).toEqual(['2 GET b ?', '1 GET a ?', '2 GET c'])
    expect(lines([sent(1, 'GET a', [1, 3]), sent(1, 'GET b', [2, 4])])).toEqual(['1 GET a', '1 GET b'])
  })

  test('lists queued commands of a transaction at its EXEC', () => {
    const transaction = [
      sent(1, 'MULTI', [1, 2], 'OK'),
      sent(1, 'SET a 1', [3, 4], 'QUEUED'),
      sent(1, 'EXEC', [9, 10], ['OK']),
    ]
    expect(lines([...transaction, sent(2, 'GET a', [5, 6])])).toEqual([
      '1 MULTI',
      '2 GET a',
      '1 SET a 1',
      '1 EXEC',
    ])
    expect(lines([...transaction, sent(2, 'GET a', [8, 11])])).toEqual([
      '1 MULTI',
      '1 SET a 1 ?',
      '1 EXEC ?',
      '2 GET a ?',
    ])
    // Outside a transaction it's just a string.
    expect(
      lines([sent(1, 'GET a', [1, 2], 'QUEUED'), sent(2, 'GET b', [3, 4]), sent(1, 'EXEC', [5, 6])])[0],
    ).toBe('1 GET a')
  })

  test('lists a blocking read where its reply came', () => {
    const read = sent(1, 'XREAD BLOCK 0 STREAMS s $', [1, 32], [['s', []]])
    const others = [sent(2, 'PING', [2, 3]), sent(2, 'PING', [4, 15])]
    expect(lines([read, ...others])).toEqual(['2 PING', '2 PING', '1 XREAD BLOCK 0 STREAMS s $'])
    // The command that woke it goes first, although the other reply was read first in that turn. The reader's next
    // commands follow.
    const all = [read, ...others, sent(2, 'XADD s', [22, 33]), sent(1, 'XACK s', [23, 34])]
    expect(lines(all)).toEqual([
      '2 PING',
      '2 PING',
      '2 XADD s ?',
      '1 XREAD BLOCK 0 STREAMS s $ ?',
      '1 XACK s ?',
    ])
  })

  test('lists it after the writer even if that reply was read in a later turn, but not after everything in flight', () => {
    const [read, write] = [sent(1, 'BLPOP l 0', [1, 12], ['l', 'x']), sent(2, 'RPUSH l x', [11, 23])]
    expect(lines([read, write])).toEqual(['2 RPUSH l x ?', '1 BLPOP l 0 ?'])
    const slow = sent(3, 'GET a', [2, 60])
    expect(lines([read, write, slow, sent(1, 'GET b', [30, 31])]).map((line) => line.slice(0, 7))).toEqual([
      '2 RPUSH',
      '1 BLPOP',
      '1 GET b',
      '3 GET a',
    ])
  })

  test('an endless loop may send more commands than a call can have arguments', () => {
    const many = Array.from({ length: 200_000 }, (_, i) => sent(1, `GET ${i}`, [3 * i + 2, 3 * i + 3]))
    const { sent: _, ...unsent } = sent(1, 'GET last', [700_000])
    const reads = [sent(2, 'BLPOP a 0', [1, 700_001], ['a', '1']), unsent]
    expect(lines([...many, ...reads]).at(-1)).toBe('1 GET last')
  })

  test('lists unanswered commands at the end, and unsent ones after all the sent ones', () => {
    const unsent = { client: 1, name: 'HSET', args: [], issued: 2.5 }
    expect(lines([sent(1, 'XADD s', [2, 4]), unsent, sent(2, 'GET a', [6, 7])])).toEqual([
      '1 XADD s',
      '1 HSET',
      '2 GET a',
    ])
    expect(lines([sent(1, 'XADD s', [1]), sent(2, 'GET a', [2, 3]), sent(3, 'BLPOP l 0', [0])])).toEqual([
      '2 GET a ?',
      '3 BLPOP l 0',
      '1 XADD s ?',
    ])
  })
})

/** A server with some connections: commands on one are executed, and their replies read, first in, first out. */
interface Connection {
  readonly toExecute: Mutable[]
  readonly toRead: Mutable[]
}
interface Mutable {
  client: number
  name: string
  args: string[]
  issued: number
  sent: number
  answered?: number
  turn?: number
  executed?: number
}

const schedule = fc.array(fc.tuple(fc.nat(3), fc.constantFrom('send', 'execute', 'read', 'all')), {
  maxLength: 60,
})

function play(steps: readonly (readonly [number, string])[]): readonly Mutable[] {
  const connections: Connection[] = [0, 1, 2, 3].map(() => ({ toExecute: [], toRead: [] }))
  const all: Mutable[] = []
  let moment = 0
  for (const [client, what] of steps) {
    const { toExecute, toRead } = connections[client] as Connection
    moment += 1
    if (what === 'send' || what === 'all') {
      const command = { client, name: 'GET', args: [`${moment}`], issued: moment, sent: moment }
      all.push(command)
      toExecute.push(command)
    }
    do {
      moment += 1
      const executed = what === 'execute' || what === 'all' ? toExecute.shift() : undefined
      if (executed !== undefined) {
        executed.executed = moment
        toRead.push(executed)
      }
      const read = what === 'read' || what === 'all' ? toRead.shift() : undefined
      if (read !== undefined) Object.assign(read, { answered: moment, turn: moment })
    } while (what === 'all' && toExecute.length + toRead.length > 0)
  }
  return all
}

/** Some of them as blocking reads that receive something. */
const withBlocked = (commands: readonly Mutable[], blocked: readonly boolean[]): readonly Timed[] =>
  commands.map((command, index) =>
    blocked[index] === true ? { ...command, name: 'BLPOP', args: ['l', '0'], reply: ['l', 'x'] } : command,
  )

const overlap = (a: Mutable, b: Mutable) =>
  a.client !== b.client && a.sent < (b.answered ?? Infinity) && b.sent < (a.answered ?? Infinity)

describe('whatever several connections send', () => {
  test('everything is listed once, in the order of its connection', () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const all = play(steps)
        const order = inOrder(all).map(({ command }) => command)
        expect([...order].sort((a, b) => a.issued - b.issued)).toEqual(all)
        for (const client of [0, 1, 2, 3]) {
          const own = order.filter((command) => command.client === client).map(({ sent }) => sent)
          expect(own).toEqual([...own].sort((a, b) => a - b))
        }
      }),
    )
  })

  test('the order is right except where marked uncertain, and it is marked where two overlapped', () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const all = play(steps)
        const order = inOrder(all)
        for (const { command, about } of order)
          expect(about).toBe(all.some((other) => overlap(command, other)))
        for (const [index, later] of order.entries()) {
          for (const earlier of order.slice(0, index)) {
            if (earlier.about && later.about && earlier.command.client !== later.command.client) continue
            expect(earlier.command.executed ?? Infinity).toBeLessThanOrEqual(
              later.command.executed ?? Infinity,
            )
          }
        }
      }),
    )
  })

  test('a command answered before another was sent is listed before it, even if reads block', () => {
    fc.assert(
      fc.property(schedule, fc.array(fc.boolean(), { maxLength: 60 }), (steps, blocked) => {
        const order = inOrder(withBlocked(play(steps), blocked)).map(({ command }) => command)
        for (const [index, later] of order.entries()) {
          for (const earlier of order.slice(0, index)) {
            expect(later.answered ?? Infinity).toBeGreaterThan(earlier.sent ?? 0)
            if (earlier.client === later.client) expect(earlier.sent).toBeLessThan(later.sent ?? 0)
          }
        }
      }),
    )
  })
})
