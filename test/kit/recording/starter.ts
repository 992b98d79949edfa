import {
  changesBetween,
  fold,
  type KeyState,
  type Recording,
  type Step,
  statesOf,
} from '../../../src/recording/index.ts'

const KEY = 'aggregate:account:acc-1'

const event = (n: number) => ({
  s: `{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-00000000000${n}","eventType":"ACCOUNT_DEBITED","payload":{"n":${n}}}`,
})

/** The account with these entries, and a group that has read the first one. */
function account(...entries: readonly (readonly [string, number])[]): KeyState {
  return {
    key: KEY,
    type: 'stream',
    entries: entries.map(([id, n]) => ({ id, fields: [{ s: 'event' }, event(n)] })),
    length: entries.length,
    lastId: entries.at(-1)?.[0] ?? '0-0',
    groups: [{ group: 'mail', cursor: '1-0', pending: [{ id: '1-0', consumer: 'mailer-1', delivered: 1 }] }],
  }
}

const seen: KeyState = { key: 'seen', type: 'set', members: [{ s: 'e-1' }] }
const states = [
  account(['1-0', 1]),
  account(['1-0', 1], ['1795954934402-0', 3]),
  account(['1-0', 1], ['1795954934402-0', 3], ['1795954934403-0', 2]),
] as const

const read = { kind: 'command', connection: 1, issued: 0, fate: 'answered', changes: [] } as const

/** What two writers do to each other with the starter of lesson 07, as a recording of its changes. */
export function starterRun(): Recording {
  const steps: readonly Step[] = [
    { ...read, n: 1, at: 0.4, lane: 1, args: words('XLEN', KEY), reply: { s: '(integer) 1' } },
    { ...read, n: 2, at: 1.1, lane: 2, connection: 2, args: words('XLEN', KEY), reply: { s: '(integer) 1' } },
    {
      ...read,
      n: 3,
      at: 1.6,
      lane: 2,
      connection: 2,
      args: [...words('XADD', KEY, '*', 'event'), event(3)],
      reply: { s: '"1795954934402-0"' },
      changes: changesBetween(states[0], states[1]),
    },
    {
      ...read,
      n: 4,
      at: 2,
      lane: 1,
      args: [...words('XADD', KEY, '*', 'event'), event(2)],
      reply: { s: '"1795954934403-0"' },
      held: { from: 1, until: 3 },
      changes: changesBetween(states[1], states[2]),
    },
  ]
  const before = [states[0], seen]
  return {
    v: 1,
    lesson: '07-concurrency',
    version: 'a1b2c3',
    task: 'appendEvent',
    test: 'lets one of two writers win',
    engine: 'Redis 7.0.15',
    depth: 'changes',
    lanes: [
      { id: 1, role: 'first writer', connections: [1], end: 'returned', result: { s: '2' } },
      { id: 2, role: 'second writer', connections: [2], end: 'returned', result: { s: '2' } },
    ],
    before,
    steps,
    after: statesOf(fold(before, steps)),
    failure: { diagnosis: 'Both writers expected version 1, and both succeeded.' },
    collision: { kind: 'stale', key: KEY, looked: 1, changed: 3, wrote: 4 },
  }
}

function words(...all: readonly string[]) {
  return all.map((s) => ({ s }))
}
