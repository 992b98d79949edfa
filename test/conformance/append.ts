import { test } from 'vitest'
import { attempt, call, callError, verify, verifyEqual } from '#kit'
import {
  type AppendOptions,
  CROWD,
  counted,
  countedFrom,
  type Expected,
  numbers,
  type Payload,
  type Subject,
} from './subject.ts'

const S = 'order-1'

interface Case {
  readonly situation: string
  readonly prepare: (subject: Subject) => Promise<void>
  /** The stream's version in this situation. */
  readonly version: number
  readonly accepts: readonly Expected[]
  readonly refuses: readonly Expected[]
}

const nothing = async () => {}
const three = (subject: Subject) => subject.plant(S, 3)
const CASES: readonly Case[] = [
  {
    situation: "The stream doesn't exist.",
    prepare: nothing,
    version: 0,
    accepts: ['any', 'none', 0],
    refuses: ['exists', 1, 7],
  },
  {
    situation: 'The stream is at version 3.',
    prepare: three,
    version: 3,
    accepts: ['any', 'exists', 3],
    refuses: ['none', 0, 2],
  },
  {
    situation: 'The stream is at version 3, and a later version was expected, which would leave a gap.',
    prepare: three,
    version: 3,
    accepts: [],
    refuses: [4, 7, 300],
  },
  {
    situation: 'The stream is at version 3, and its oldest two events have been trimmed.',
    prepare: async (subject) => {
      await three(subject)
      await subject.trim(S, 1)
    },
    version: 3,
    accepts: ['any', 'exists', 3],
    refuses: ['none', 0, 1],
  },
  {
    situation:
      "The stream is at version 3, and all of its events have been trimmed, which doesn't change its version.",
    prepare: async (subject) => {
      await three(subject)
      await subject.trim(S, 0)
    },
    version: 3,
    accepts: ['any', 'exists', 3],
    refuses: ['none', 0],
  },
]

/** Why each field is validated. */
const WHY: Readonly<Record<string, string>> = {
  expected: 'A caller that forgets `expected` must not write unchecked.',
  stream: "A stream's name is a string that isn't empty, or its events can't be found again.",
  events: "Without events, there's no version and no position to return.",
  commandId: 'An empty ID would make different commands look like the same one.',
}

/** Checks validation, all kinds of `expected`, batch sizes, payloads, names, and many writers at once. */
export function appendConforms(subject: Subject): void {
  const { ConcurrencyError, InvalidAppendError } = subject.errors
  const versions = async (stream: string) => (await subject.stored(stream)).map(({ version }) => version)
  const ids = async (stream: string) => (await subject.stored(stream)).map(({ event }) => event.eventId)

  test('appends to a stream and to the log', async () => {
    const store = subject.open()
    const first = await call('append', () => store.append(S, countedFrom(1, 2), { expected: 'none' }))
    const second = await call('append', () => store.append('order-2', [counted(9)], { expected: 'any' }))
    const third = await call('append', () => store.append(S, [counted(3)], { expected: 2 }))
    verify(
      (await subject.logged()).length === 4 ||
        new Set([first.position, second.position, third.position]).size === 3,
      'Three appends without a command ID got the same result. Without a `commandId`, nothing is remembered: these are three commands, and each should write its events. (Does your code remember `undefined` as if it were an ID?)',
      { received: { first, second, third } },
    )
    verifyEqual(
      [await ids(S), await ids('order-2')],
      [['e-1', 'e-2', 'e-3'], ['e-9']],
      'Three events were appended to `order-1` and one to `order-2`. Each stream should have its own events, in order.',
    )
    verifyEqual(
      [first.version, second.version, third.version],
      [2, 1, 3],
      '`append` should return the `version` of its last event as a number. Each stream counts its own versions, starting at 1.',
    )
    verifyEqual(
      await subject.logged(),
      [
        { stream: S, version: 1 },
        { stream: S, version: 2 },
        { stream: 'order-2', version: 1 },
        { stream: S, version: 3 },
      ],
      'The log should have every event of every stream, in the order in which they were written, each with its `stream` and its `version`.',
    )
  })

  test('keeps the order of a batch', async () => {
    const late = { ...counted(2), timestamp: '2026-03-02T10:00:00.000Z' }
    await call('append', () => subject.open().append(S, [late, counted(1), counted(1)], { expected: 'none' }))
    verifyEqual(
      await ids(S),
      ['e-2', 'e-1', 'e-1'],
      '`append` received three events: `e-2` from March 2, and then `e-1` from March 1, twice. The stream should have all three, in that order. The caller decides the order of the events, and `append` neither sorts them nor drops any.',
    )
  })

  for (const { situation, prepare, version, accepts, refuses } of CASES) {
    for (const expected of refuses) {
      test(`${situation} refuses ${expected}`, async () => {
        await prepare(subject)
        const before = await subject.stored(S)
        const error = await callError(
          'append',
          () => subject.open().append(S, countedFrom(8, 9), { expected }),
          ConcurrencyError,
          `${situation} With \`expected: ${show(expected)}\`, \`append\` should throw a \`ConcurrencyError\`.`,
        )
        verifyEqual(
          { stream: error.stream, expected: error.expected, actual: error.actual },
          { stream: S, expected, actual: version },
          `${situation} The \`ConcurrencyError\` should have the stream, what was expected, and the stream's actual version.`,
        )
        verifyEqual(
          await subject.stored(S),
          before,
          `${situation} \`append\` threw a \`ConcurrencyError\`, but it wrote anyway. Compare first, then write.`,
        )
      })
    }
    for (const expected of accepts) {
      test(`${situation} accepts ${expected}`, async () => {
        await prepare(subject)
        const outcome = await attempt('append', () =>
          subject.open().append(S, countedFrom(8, 9), { expected }),
        )
        verify(
          outcome.ok,
          `${situation} With \`expected: ${show(expected)}\`, \`append\` should write, but it failed.`,
          { received: !outcome.ok && outcome.error },
        )
        verifyEqual(
          [(await versions(S)).slice(-2), outcome.value.version],
          [[version + 1, version + 2], version + 2],
          `${situation} Two events were appended. They should have the versions ${version + 1} and ${version + 2}.`,
        )
      })
    }
  }

  test('after another program has written', async () => {
    const [store, other] = [subject.open(), subject.open()]
    await call('append', () => store.append(S, [counted(1)], { expected: 0 }))
    await call('append', () => other.append(S, [counted(2)], { expected: 1 }))
    const stale = await callError(
      'append',
      () => store.append(S, [counted(3)], { expected: 1 }),
      ConcurrencyError,
      'A store appended version 1, another program appended version 2, and the first store was called with `expected: 1`. `append` should throw a `ConcurrencyError`. The version is the one in Redis, not the one that a program remembers.',
    )
    verifyEqual(
      stale.actual,
      2,
      'A store appended version 1, another program appended version 2, and the first store was called with `expected: 1`. The `actual` version is 2: the one in Redis, not the one that a program remembers.',
    )
    const fresh = await attempt('append', () => store.append(S, [counted(3)], { expected: 2 }))
    verify(
      fresh.ok && fresh.value.version === 3,
      'A store appended version 1, another program appended version 2, and the first store was called with `expected: 2`. `append` should write version 3. The version is the one in Redis, not the one that a program remembers.',
      { received: fresh },
    )
  })

  test('refuses an invalid append', async () => {
    const wrong: readonly (readonly [field: string, stream: unknown, count: number, options: object])[] = [
      ['expected', S, 1, {}],
      ['expected', S, 1, { expected: null }],
      ['expected', S, 1, { expected: -1 }],
      ['expected', S, 1, { expected: 1.5 }],
      ['expected', S, 1, { expected: Number.NaN }],
      ['expected', S, 1, { expected: Number.POSITIVE_INFINITY }],
      ['expected', S, 1, { expected: '0' }],
      ['expected', S, 1, { expected: 'ANY' }],
      ['stream', '', 1, { expected: 'any' }],
      ['stream', undefined, 1, { expected: 'any' }],
      ['stream', 7, 1, { expected: 'any' }],
      ['events', S, 0, { expected: 'any' }],
      ['commandId', S, 1, { expected: 'any', commandId: '' }],
      ['expected', S, 1, { commandId: 'cmd-1' }],
      ['events', S, 0, { expected: 'any', commandId: 'cmd-1' }],
    ]
    for (const [field, stream, count, options] of wrong) {
      const what = `\`append(${show(stream)}, [${count === 1 ? '1 event' : `${count} events`}], ${show(options)})\``
      const error = await callError(
        'append',
        () => subject.open().append(stream as string, countedFrom(1, count), options as AppendOptions),
        InvalidAppendError,
        `${what} should throw an \`InvalidAppendError\` for \`${field}\`. ${WHY[field]}`,
      )
      verifyEqual(
        error.field,
        field,
        `${what} should throw an \`InvalidAppendError\` with the \`field\` \`'${field}'\`.`,
      )
      verifyEqual(
        await subject.logged(),
        [],
        `${what} threw, but it wrote something anyway. Validate before you send anything.`,
      )
    }
  })

  test('writes none when one of them is malformed', async () => {
    const lossy = counted(2, { since: new Date(0) } as never)
    const outcome = await attempt('append', () =>
      subject.open().append(S, [counted(1), lossy, counted(3)], { expected: 'none' }),
    )
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      'The second of three events contains a `Date`, which JSON would silently turn into a string. `append` should let the `MalformedEventError` from `encodeEvent` pass through.',
      { received: outcome },
    )
    verifyEqual(
      [await subject.stored(S), await subject.logged()],
      [[], []],
      'The second of three events was malformed, and others were written. Encode all of them before you send anything.',
    )
  })

  for (const size of subject.sizes.batches) {
    test(`a batch of ${size}`, async () => {
      const outcome = await attempt(
        'append',
        () => subject.open().append(S, countedFrom(1, size), { expected: 'none' }),
        { seconds: 30 },
      )
      verify(
        outcome.ok,
        `A batch of ${size} events couldn't be appended.${size > 1_000 ? ' In Lua, `unpack` fails at about 8,000 values. Go through `ARGV` in a loop instead.' : ' All of them should be in the stream and in the log.'}`,
        { received: !outcome.ok && outcome.error },
      )
      verify(
        same(await versions(S), numbers(1, size)) && (await subject.logged()).length === size,
        `A batch of ${size} events should be in the stream as versions 1 to ${size}, and all of them in the log.`,
      )
    })
  }

  test('keeps every payload as it is', async () => {
    const payloads: readonly Payload[] = [
      {},
      { '': '', empty: [], nothing: null },
      { text: 'Grüße, 世界 👩‍👩‍👧 \u0000 \u2028 "quoted" \\n \r\n\t', ключ: 'значение' },
      { number: 1e14, small: 0.1, negative: -1, deep: { list: [1, [2, { three: true }]] } },
      { long: 'ü'.repeat(subject.sizes.payload / 2) },
    ]
    for (const payload of payloads) {
      await call('append', () => subject.open().append(S, [counted(1, payload)], { expected: 'any' }))
      const last = (await subject.stored(S)).at(-1)
      verifyEqual(
        last?.event.payload,
        payload,
        `A payload wasn't stored as it was passed to \`append\`: ${JSON.stringify(payload).slice(0, 60)}`,
      )
    }
  })

  test('keeps streams apart, whatever they are called', async () => {
    for (const name of STRANGE_NAMES) {
      const outcome = await attempt('append', () =>
        subject.open().append(name, [counted(1), counted(2)], { expected: 'none' }),
      )
      verify(
        outcome.ok,
        `\`append\` failed for the stream \`${show(name)}\`, which had no events yet. A stream may have any name except the empty string.`,
        { received: !outcome.ok && outcome.error },
      )
    }
    for (const name of STRANGE_NAMES) {
      verifyEqual(
        await versions(name),
        [1, 2],
        `Two events were appended to each of ${STRANGE_NAMES.length} streams, and the stream \`${show(name)}\` should have exactly its own two, but it doesn't. Don't let two names share a key.`,
      )
    }
  })

  test('many writers, one version', async () => {
    const { writers } = subject.sizes
    await three(subject)
    const stores = numbers(1, 5).map(() => subject.open())
    const outcomes = await Promise.all(
      numbers(1, writers).map((n) =>
        attempt(
          'append',
          () => (stores[n % 5] ?? subject.open()).append(S, [counted(100 + n)], { expected: 3 }),
          CROWD,
        ),
      ),
    )
    const won = outcomes.filter((outcome) => outcome.ok).length
    verifyEqual(
      [won, await versions(S)],
      [1, [1, 2, 3, 4]],
      `${writers} writers appended at the same time, all with \`expected: 3\`. Exactly one of them should succeed. Compare and write in one step.`,
    )
    const other = outcomes.find((outcome) => !outcome.ok && !(outcome.error instanceof ConcurrencyError))
    verify(
      other === undefined,
      `${writers} writers appended at the same time, all with \`expected: 3\`, and one of the losers didn't get a \`ConcurrencyError\`.`,
      { received: other },
    )
  })

  test('many writers, any version', async () => {
    const { writers } = subject.sizes
    const outcomes = await Promise.all(
      numbers(1, writers).map((n) =>
        attempt(
          'append',
          () => subject.open().append(S, [counted(2 * n), counted(2 * n + 1)], { expected: 'any' }),
          CROWD,
        ),
      ),
    )
    const failed = outcomes.find((outcome) => !outcome.ok)
    verify(
      failed === undefined,
      `${writers} writers appended at the same time, with \`expected: 'any'\`, and one of them failed. Any version is fine, so all of them should succeed.`,
      {
        received: failed,
      },
    )
    const found = (await subject.stored(S)).map(({ event }) => Number(event.eventId.slice(2)))
    verify(
      found.length === 2 * writers && found.every((n, i) => i % 2 === 0 || n === (found[i - 1] ?? 0) + 1),
      `${writers} writers appended two events each at the same time. All events should be there, with no other event between a writer's two.`,
      { received: found },
    )
    const returned = outcomes.map((outcome) => (outcome.ok ? outcome.value.version : 0)).sort((a, b) => a - b)
    verifyEqual(
      returned,
      numbers(1, writers).map((n) => 2 * n),
      `${writers} writers appended two events each at the same time. Each call should return the version of its own last event.`,
    )
  })
}

/** Names of streams, some of which look like the store's own keys. */
export const STRANGE_NAMES: readonly string[] = [
  'a',
  'a:b',
  'a:b:c',
  'a b',
  ' a',
  ' ',
  'A',
  '{a}',
  '{a}:b',
  '{',
  '}',
  '}{',
  '{}',
  'ü 世界',
  'a*?[b]',
  'log',
  'command:a',
  'snapshot:a',
  '__proto__',
]

export function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, item) =>
      typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
    ) ?? String(value)
  )
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
