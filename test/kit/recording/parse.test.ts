import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, type KeyState, type Recording } from '../../../src/recording/index.ts'
import { BadRecordingError, parseFile, parseRecording } from '../../../src/recording/parse.ts'
import { starterRun } from './starter.ts'
import { anyState } from './states.ts'

const parse = (value: unknown) => parseRecording(JSON.stringify(value), 'run.json')

test('what was written is what is read', () => {
  expect(parse(starterRun())).toEqual(starterRun())
  const odd: Recording = {
    ...starterRun(),
    note: 'The second run ended differently.',
    collision: { kind: 'missed', key: 's', looked: 1, changed: 7 },
    steps: [
      { n: 1, at: 0, changes: [], kind: 'check', what: 'the test sends XADD', woke: [3] },
      { n: 3, at: 1, changes: [], kind: 'message', lane: 1, channel: 'events', text: { s: 'x' } },
      { n: 7, at: 2, changes: [], kind: 'server', cause: 'expired' },
    ],
  }
  expect(parse(odd)).toEqual(odd)
})

test('every state of a key can be written', () => {
  fc.assert(
    fc.property(anyState('k'), (state) => {
      const after = state === null ? [] : [state]
      expect(JSON.stringify(parse({ ...starterRun(), after }).after.map(sorted))).toBe(
        JSON.stringify(after.map(sorted)),
      )
    }),
  )
})

const sorted = (state: KeyState) => Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1))

test('a field may have any name', () => {
  const fields = '{"__proto__":{"s":"1"},"constructor":{"s":"2"},"name":{"s":"3"}}'
  const change = '{"key":"h","type":"hash","fields":{"__proto__":[null,{"s":"1"}]}}'
  const text = JSON.stringify({
    ...starterRun(),
    collision: undefined,
    before: ['BEFORE'],
    steps: [{ n: 1, at: 0, changes: ['CHANGE'], kind: 'server', cause: 'expired' }],
  })
    .replace('"BEFORE"', `{"key":"h","type":"hash","fields":${fields.replace('"__proto__":{"s":"1"},', '')}}`)
    .replace('"CHANGE"', change)
  const { before, steps } = parseRecording(text, 'run.json')
  const [after] = fold(before, steps).values()
  expect(new Map(Object.entries(after?.type === 'hash' ? after.fields : {}))).toEqual(
    new Map(Object.entries(JSON.parse(fields))),
  )
  expect(() => parseRecording(text.replace(change, change.replace('{"s":"1"}', '7')), 'run.json')).toThrow(
    BadRecordingError,
  )
})

test.each([
  ['not JSON', 'hello', /run\.json isn't a recording, because it isn't JSON\. To make a recording, run `npx/],
  ['another kind of file', '{"name":"eventlings"}', /^run\.json isn't a recording \(at v\)\. To make/],
  ['a list', '[]', /^run\.json isn't a recording\. To make/],
  ['nothing', 'null', /^run\.json isn't a recording\. To make/],
  [
    'a later version',
    JSON.stringify({ ...starterRun(), v: 2 }),
    /of version 2, but this version of eventlings reads only version 1\./,
  ],
  [
    'a missing field',
    JSON.stringify({ ...starterRun(), lanes: undefined }),
    /isn't a recording \(at lanes\)/,
  ],
])('%s is refused with a sentence', (_, text, sentence) => {
  expect(() => parseRecording(text, 'run.json')).toThrow(BadRecordingError)
  expect(() => parseRecording(text, 'run.json')).toThrow(sentence)
})

test('steps that do not fit each other are damage', () => {
  const { steps, ...rest } = starterRun()
  const damaged = (changed: readonly unknown[]) => () => parse({ ...rest, steps: changed })
  expect(damaged(steps.toReversed())).toThrow(
    /^run\.json is damaged at step 3\. It comes after step 4\. To make/,
  )
  expect(damaged(steps.map((step) => ({ ...step, lane: 9 })))).toThrow(
    /damaged at step 1\. There's no lane 9\./,
  )
  const other = { key: 'seen', type: 'list', from: 0, gone: [], add: [] }
  expect(damaged([{ ...steps[0], changes: [other] }])).toThrow(
    /A change of type list doesn't fit the key seen\./,
  )
})

test('a step that collided and is missing is damage', () => {
  const { collision, ...rest } = starterRun()
  expect(() => parse({ ...rest, collision: { ...collision, looked: 99 } })).toThrow(
    /^run\.json is damaged\. Step 99, which collided, isn't in it\./,
  )
})

test('a file that never ends is read only so far', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(64_000)
  }
  await expect(parseFile(endless(), 'run.json')).rejects.toThrow(
    /^run\.json isn't a recording, because it's larger than 4 MB\. To make/,
  )
  const [first, last] = [JSON.stringify(starterRun()).slice(0, 99), JSON.stringify(starterRun()).slice(99)]
  async function* inParts() {
    yield* [first, last].map((part) => Buffer.from(part))
  }
  expect(await parseFile(inParts(), 'run.json')).toEqual(starterRun())
})

test('a recording with more steps than a check keeps is refused', () => {
  const { steps, collision, ...rest } = starterRun()
  const many = Array.from({ length: 4_001 }, (_, index) => ({ ...steps[0], n: index + 1 }))
  expect(() => parse({ ...rest, steps: many })).toThrow(/^run\.json isn't a recording \(at steps\)\./)
})
