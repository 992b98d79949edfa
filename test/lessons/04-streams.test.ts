/** Long, because every sentence that a learner may read is next to the code that judges the answer. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyInterleaving,
  isBusyPolling,
  largestReply,
  passesOnErrors,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { NewEntries, StreamEntry } from '#lesson/04-streams'
import {
  addEntry,
  compareIds,
  EntryFieldError,
  jsonField,
  readEntries,
  readLatest,
  readNew,
  timeOf,
} from '#lesson/04-streams'

const box = useSandbox()

/** Appends `count` entries with the field `n`, numbered from 1, with the IDs that `id` returns. */
async function plant(stream: string, count: number, id: (n: number) => string): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = 1; n <= count; n += 1) pipeline.xadd(stream, id(n), 'n', n)
  await pipeline.exec()
}

function isEntries(name: string, entries: readonly StreamEntry[]): void {
  verify(
    Array.isArray(entries),
    `\`${name}\` should return an array of entries. If there are none, return an empty array.`,
    {
      expected: [{ id: '10-0', fields: { n: '1' } }],
      received: entries,
    },
  )
}

const FLAT =
  'Redis replies with the fields of an entry as a flat list: name, value, name, value. Pair them, so that `fields.data` is the value of `data`.'

describe('addEntry', () => {
  test('appends an entry with its fields', async () => {
    const fields = { userId: '42', data: '{"name":"Zoë \\"Z\\" 😀"}', note: '', id: 'mine', motto: ' as is ' }
    const id = await call('addEntry', () => addEntry(box.redis, 'user_updates', fields))
    const stored = await box.admin.xrange('user_updates', '-', '+')
    verify(
      stored.length === 1,
      'After `addEntry`, the stream `user_updates` should contain one entry. `XADD` takes its fields as a flat list: name, value, name, value.',
      { received: stored },
    )
    verifyEqual(
      new Map(chunk(stored[0]?.[1] ?? [])),
      new Map(Object.entries(fields)),
      'The entry should have exactly the given fields and no others, with each value as it is.',
    )
    verifyEqual(
      id,
      stored[0]?.[0],
      "`addEntry` should resolve to the ID in Redis's reply, because a caller needs it to find the entry again.",
    )
  })

  test('lets Redis create the IDs', async () => {
    // An entry from a machine whose clock was a century ahead. IDs continue from there.
    await box.admin.xadd('user_updates', '4102444800000-7', 'userId', '1')
    const outcome = await attempt('addEntry', () => addEntry(box.redis, 'user_updates', { userId: '42' }))
    verify(
      outcome.ok,
      "`addEntry` failed on a stream whose last ID is ahead of the clock. An ID that you build from the time may be too small. With `*`, Redis creates one that's always greater than the last.",
      { received: !outcome.ok && outcome.error },
    )
    verify(
      typeof outcome.value === 'string' && (await box.admin.xlen('user_updates')) === 2,
      '`addEntry` should append the entry after the last one and resolve to its ID.',
      { received: outcome.value },
    )
  })

  test('drops nothing by default', async () => {
    await plant('user_activity', 1_300, (n) => `${n}-0`)
    await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: '1301' }))
    const trimming = box.commands.some(
      ({ name, args }) => /^X(ADD|TRIM)$/i.test(name) && /^(MAXLEN|MINID)$/i.test(String(args[1])),
    )
    verify(
      (await box.admin.xlen('user_activity')) === 1_301 && !trimming,
      '`addEntry` without `keepAbout` trimmed the stream. Trim only if the caller asks for it. Sooner or later, a stream reaches a limit that the caller never set, and then entries are silently lost.',
      {
        expected: words('1301 entries, no MAXLEN'),
        received: words(`${await box.admin.xlen('user_activity')} entries`),
      },
    )
  })

  test('keeps at least the requested number', async () => {
    await plant('user_activity', 250, (n) => `${n}-0`)
    for (let n = 251; n <= 260; n += 1) {
      await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: String(n) }, 10))
    }
    const left = await box.admin.xrange('user_activity', '-', '+')
    verify(left.length >= 10, 'With `keepAbout` 10, at least ten entries should stay, but fewer are left.', {
      expected: words('at least 10 entries'),
      received: words(`${left.length} entries`),
    })
    verifyEqual(
      left.slice(-10).map(([, [, n]]) => n),
      ['251', '252', '253', '254', '255', '256', '257', '258', '259', '260'],
      "The last ten entries aren't the ten that were appended last. Trimming should drop the oldest entries.",
    )
    verify(
      left.length < 250,
      "With `keepAbout` 10, the stream of 250 entries didn't get shorter. Redis never trims on its own, so pass `MAXLEN ~ 10` to `XADD`.",
      { expected: words('fewer than 250 entries'), received: words(`${left.length} entries`) },
    )
  })

  test('keeps exactly the requested number if a block ends there', async () => {
    await plant('user_activity', 200, (n) => `${n}-0`)
    await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: '201' }, 102))
    const length = await box.admin.xlen('user_activity')
    verify(
      length >= 102,
      "With `keepAbout` 102, fewer than 102 of 201 entries are left. Pass the number to `MAXLEN ~` as it is: if it's even one lower, Redis may drop a block that contains an entry you want to keep.",
      { expected: words('at least 102 entries'), received: words(`${length} entries`) },
    )
    await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: '202' }, 1))
    const shorter = await box.admin.xlen('user_activity')
    verify(
      shorter < length,
      `With \`keepAbout\` 1, the stream of ${length} entries didn't get shorter. 1 is a number like any other, so pass \`MAXLEN ~ 1\` to \`XADD\`.`,
      { expected: words(`fewer than ${length} entries`), received: words(`${shorter} entries`) },
    )
    const names = box.commands.map(({ name }) => name.toUpperCase())
    verify(
      !names.includes('XTRIM') || names.includes('EXEC'),
      '`addEntry` appends with `XADD` and trims with a separate `XTRIM`, so the process may die in between. `XADD` accepts `MAXLEN ~` too, which does both in one step and saves a round trip.',
      { received: names },
    )
  })

  test('trims in whole blocks', async () => {
    for (let n = 1; n <= 50; n += 1) {
      await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: String(n) }, 10))
    }
    const length = await box.admin.xlen('user_activity')
    verify(
      length > 10,
      '`addEntry` trims exactly: after 50 appends with `keepAbout` 10, no more than ten entries are left. That makes Redis cut into a block on every append. Use `MAXLEN ~ 10`, which drops only whole blocks.',
      { expected: words('more than 10 entries'), received: words(`${length} entries`) },
    )
  })

  test('passes on an error from Redis', async () => {
    for (const keepAbout of [undefined, 10]) {
      await passesOnErrors({
        name: 'addEntry',
        run: (redis) => addEntry(redis, 'user_updates', { n: '1' }, keepAbout),
        why: 'Otherwise, the caller believes that the entry is stored.',
      })
    }
  })
})

describe('readEntries, readLatest', () => {
  test('pairs the fields', async () => {
    await box.admin.xadd('user_updates', '1000-0', 'userId', '42', 'data', '{"name":"Ada"}', 'note', '')
    const expected = [{ id: '1000-0', fields: { userId: '42', data: '{"name":"Ada"}', note: '' } }]
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_updates'))
    isEntries('readEntries', entries)
    verifyEqual(entries, expected, `\`readEntries\` should return entries as \`{ id, fields }\`. ${FLAT}`)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_updates', 5))
    isEntries('readLatest', latest)
    verifyEqual(latest, expected, `\`readLatest\` should return entries as \`{ id, fields }\`. ${FLAT}`)
  })

  test('returns each entry with its own fields', async () => {
    await box.admin.xadd('user_updates', '1000-0', 'userId', '42', 'note', 'x')
    await box.admin.xadd('user_updates', '1001-0', 'userId', '43')
    await box.admin.xadd('user_updates', '1002-0', 'name', 'Ada')
    const expected = [
      { id: '1000-0', fields: { userId: '42', note: 'x' } },
      { id: '1001-0', fields: { userId: '43' } },
      { id: '1002-0', fields: { name: 'Ada' } },
    ]
    const own =
      "Three entries with different fields came back with some of each other's fields. Create a new object for each entry, with the names in that entry."
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_updates'))
    isEntries('readEntries', entries)
    verifyEqual(entries, expected, own)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_updates', 5))
    isEntries('readLatest', latest)
    verifyEqual(
      [...latest].sort((a, b) => a.id.localeCompare(b.id)),
      expected,
      own,
    )
  })

  test("finds no entries in a stream that doesn't exist", async () => {
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_updates'))
    isEntries('readEntries', entries)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_updates', 5))
    isEntries('readLatest', latest)
    verifyEqual(
      [entries, latest],
      [[], []],
      "A stream that doesn't exist has no entries, so return an empty array.",
    )
  })

  test('continues after the entry', async () => {
    await plant('user_activity', 4, (n) => ['8-0', '9-0', '10-0', '10-1'][n - 1] ?? '')
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_activity', '9-0'))
    isEntries('readEntries', entries)
    const ids = entries.map(({ id }) => id)
    verify(
      ids[0] !== '9-0',
      '`readEntries` after `9-0` returned `9-0` again, because the start of `XRANGE` is inclusive. Use `(9-0`, with an opening parenthesis, to make it exclusive.',
      { expected: ['10-0', '10-1'], received: ids },
    )
    verifyEqual(
      ids,
      ['10-0', '10-1'],
      '`readEntries` after `9-0` should return `10-0` and `10-1`, in that order. IDs are numbers: if you compare them as strings, `9-0` comes after `10-0`.',
    )
  })

  test('continues after a deleted entry', async () => {
    await plant('user_activity', 4, (n) => `${n}-0`)
    await box.admin.xdel('user_activity', '2-0')
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_activity', '2-0'))
    isEntries('readEntries', entries)
    verifyEqual(
      entries.map(({ id }) => id),
      ['3-0', '4-0'],
      "The entry `2-0` was deleted, and `readEntries` after it should return `3-0` and `4-0`. An ID is a position even if its entry is gone, so don't drop the first entry of a reply without looking at its ID.",
    )
    const one = await call('readEntries', () => readEntries(box.redis, 'user_activity', '2-0', 1))
    verifyEqual(
      one.map(({ id }) => id),
      ['3-0'],
      'The entry `2-0` was deleted, and `readEntries` after it with a `count` of 1 should return just `3-0`. If you request another entry in case the first one is `2-0`, cut the result to `count`.',
    )
  })

  test('reads every entry once, page by page', async () => {
    await plant('user_activity', 250, (n) => (n <= 240 ? `1772355600123-${n - 1}` : `1772355600124-${n}`))
    const seen: unknown[] = []
    let after = '0-0'
    for (let pages = 0; pages < 10; pages += 1) {
      const position = after
      const page = await call('readEntries', () => readEntries(box.redis, 'user_activity', position, 60))
      isEntries('readEntries', page)
      verify(
        page.length <= 60,
        '`readEntries` with a `count` of 60 returned more than 60 entries. Limit the reply with `COUNT`.',
        {
          received: words(`${page.length} entries`),
        },
      )
      if (page.length === 0) break
      seen.push(...page.map(({ fields }) => Number(fields.n)))
      after = page.at(-1)?.id ?? ''
    }
    verify(
      seen.length === 250 && seen.every((n, i) => n === i + 1),
      'Reading 250 entries page by page, each page starting after the last ID of the one before, should return every entry once. Of these, 240 were created in the same millisecond, so both parts of the ID matter: never compute the next ID from the first part.',
      { expected: words('1 to 250'), received: words(`${seen.length} entries, the last is ${seen.at(-1)}`) },
    )
    verify(
      largestReply(box.commands) <= 61,
      '`readEntries` fetched more than one page. Limit the reply with `COUNT` instead of cutting it off afterward: on a stream of a million entries, that saves seconds.',
      {
        expected: words('at most 61 entries in one reply'),
        received: words(`${largestReply(box.commands)} entries`),
      },
    )
  })

  test('continues after the greatest second part', async () => {
    const most = '18446744073709551615'
    await plant(
      'user_activity',
      4,
      (n) => ['5-9007199254740992', '5-9007199254740993', `5-${most}`, '6-0'][n - 1] ?? '',
    )
    for (const [after, next] of [
      ['5-9007199254740992', '5-9007199254740993'],
      ['5-9007199254740993', `5-${most}`],
      [`5-${most}`, '6-0'],
    ] as const) {
      const outcome = await attempt('readEntries', () => readEntries(box.redis, 'user_activity', after, 1))
      verifyEqual(
        outcome.ok ? outcome.value.map(({ id }) => id) : outcome.error,
        [next],
        `\`readEntries\` after \`${after}\` should return \`${next}\`. Don't compute the next ID yourself: a \`number\` isn't exact beyond 2^53, and the second part can be as large as ${most}. With the exclusive start \`(${after}\`, Redis finds it.`,
      )
    }
  })

  test('lets errors from Redis through', async () => {
    const why = "A key that can't be read isn't a stream without entries."
    await passesOnWrongType(
      'readEntries',
      'user_activity',
      () => readEntries(box.redis, 'user_activity'),
      why,
    )
    await passesOnWrongType(
      'readLatest',
      'user_activity',
      () => readLatest(box.redis, 'user_activity', 5),
      why,
    )
  })

  test('reads 100 entries by default', async () => {
    await plant('user_activity', 130, (n) => `${n}-0`)
    const page = await call('readEntries', () => readEntries(box.redis, 'user_activity'))
    isEntries('readEntries', page)
    verifyEqual(
      [page.length, page[0]?.id, page.at(-1)?.id],
      [100, '1-0', '100-0'],
      'Without `after` and `count`, `readEntries` should return the first 100 entries of the stream.',
    )
  })

  test('reads the newest first, and no more than requested', async () => {
    await plant('user_activity', 90, (n) => `${n}-0`)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_activity', 10))
    isEntries('readLatest', latest)
    verify(
      latest.length === 10,
      '`readLatest` with a `count` of 10 should return ten entries, no matter how many the stream contains. A stream trimmed with `MAXLEN ~ 10` may contain ninety, because `~` means "about."',
      { expected: words('10 entries'), received: words(`${latest.length} entries`) },
    )
    verifyEqual(
      latest.map(({ id }) => id),
      ['90-0', '89-0', '88-0', '87-0', '86-0', '85-0', '84-0', '83-0', '82-0', '81-0'],
      '`readLatest` should return the last entries, newest first.',
    )
    verify(
      largestReply(box.commands) <= 11,
      '`readLatest` fetched more entries than it returns. Use `XREVRANGE` with `COUNT`, which reads from the end.',
      {
        expected: words('at most 11 entries in one reply'),
        received: words(`${largestReply(box.commands)} entries`),
      },
    )
  })

  test('reads as many as requested', async () => {
    await plant('user_activity', 1_150, (n) => `${n}-0`)
    const page = await call('readEntries', () => readEntries(box.redis, 'user_activity', '0-0', 1_140))
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_activity', 1_140))
    verifyEqual(
      [page.length, latest.length],
      [1_140, 1_140],
      "The stream has 1,150 entries. With a `count` of 1,140, `readEntries` and `readLatest` should each return 1,140 of them. The caller decides how many, so don't set a lower limit of your own.",
    )
  })

  test('passes on an error from any command', async () => {
    for (const [name, run] of [
      ['readEntries', (redis: Redis) => readEntries(redis, 'user_activity')],
      ['readLatest', (redis: Redis) => readLatest(redis, 'user_activity', 5)],
    ] as const) {
      await passesOnErrors({
        name,
        prepare: () => plant('user_activity', 3, (n) => `${n}-0`),
        run,
        works: (entries) => entries.length === 3,
        why: "A stream that can't be read isn't a stream without entries.",
      })
    }
  })
})

describe('compareIds, timeOf, jsonField', () => {
  const PAIRS = [
    ['9-0', '10-0', 'As strings, `9-0` comes after `10-0`, but as IDs, it comes before. Compare numbers.'],
    ['10-2', '10-10', 'The second part is a number too: 2 comes before 10.'],
    ['5-9', '6-0', 'The first part decides. The second part counts only if the first parts are equal.'],
    ['1772355600123-0', '1772355600123-1', 'Within one millisecond, the second part decides.'],
    [
      '1-0',
      '4294967297-0',
      "The difference doesn't fit in 32 bits, and bitwise operators such as `| 0` truncate it.",
    ],
    [
      '1-0',
      '2147483650-0',
      "The difference doesn't fit in 32 bits, and bitwise operators such as `| 0` truncate it.",
    ],
    [
      '9007199254740992-0',
      '9007199254740993-0',
      'Both parts are 64-bit numbers. A `number` is exact only up to 2^53, so use `BigInt`.',
    ],
    [
      '9999999999999999999-0',
      '10000000000000000000-0',
      'Both parts have up to 20 digits, so if you pad them with zeros to compare strings, pad them to 20.',
    ],
    [
      '1-18446744073709551614',
      '1-18446744073709551615',
      'Both parts are 64-bit numbers. A `number` is exact only up to 2^53, so use `BigInt`.',
    ],
    [
      '1-0',
      '1-18446744073709551615',
      'Both parts are unsigned, so their difference may not fit in a signed 64-bit number. Compare the two bigints with `<` instead.',
    ],
    ['9-10', '10-0', 'The first part decides, however many digits the second part has.'],
    ['1-18446744073709551615', '2-0', 'The first part decides, however large the second part is.'],
  ] as const
  for (const [a, b, why] of PAIRS) {
    test(`${a} before ${b}`, async () => {
      const forward = await call('compareIds', () => compareIds(a, b))
      verify(
        typeof forward === 'number',
        '`compareIds` should return a number, as `sort` expects. With a bigint, `sort` throws, and with a boolean, it sorts incorrectly.',
        { received: forward },
      )
      verify(forward < 0, `\`compareIds('${a}', '${b}')\` should be negative. ${why}`, { received: forward })
      const back = await call('compareIds', () => compareIds(b, a))
      verify(back > 0, `\`compareIds('${b}', '${a}')\` should be positive. ${why}`, { received: back })
    })
  }

  test('returns 0 for equal IDs', async () => {
    const result = await call('compareIds', () => compareIds('1772355600123-4', '1772355600123-4'))
    verify(result === 0, '`compareIds` should return 0 for two equal IDs.', { received: result })
  })

  test('returns the time of an ID', async () => {
    const time = await call('timeOf', () => [timeOf('1772355600123-5')])
    verify(time[0] instanceof Date, '`timeOf` should return a `Date`.', { received: time[0] })
    verifyEqual(
      time[0].getTime(),
      1_772_355_600_123,
      'The first part of an ID is milliseconds since 1970 (not nanoseconds, not seconds), so `1772355600123-5` was created at `2026-03-01T09:00:00.123Z`. The second part is a counter, not a time.',
    )
    const early = await call('timeOf', () => timeOf('10-0'))
    verifyEqual(
      early.getTime(),
      10,
      "`timeOf('10-0')` should be 10 milliseconds after the beginning of 1970. The time is everything before the dash, however many digits that is.",
    )
  })

  const entry = (data?: string): StreamEntry => ({
    id: '1000-3',
    fields: data === undefined ? { userId: '42' } : { userId: '42', data },
  })

  test('returns the value in the JSON', async () => {
    for (const [text, value] of [
      ['{"name":"Ada","tags":["a"]}', { name: 'Ada', tags: ['a'] }],
      ['0', 0],
      ['null', null],
      ['false', false],
      ['""', ''],
    ] as const) {
      const outcome = await attempt('jsonField', () => jsonField(entry(text), 'data'))
      verify(
        outcome.ok || !(outcome.error instanceof EntryFieldError),
        `\`jsonField\` refused a field that contains \`${text}\`, which is valid JSON. Don't check with \`if (!value)\`, because \`null\`, \`false\`, \`0\`, and the empty string are falsy but valid values.`,
        { expected: value, received: !outcome.ok && outcome.error },
      )
      const received = await call('jsonField', () => {
        if (outcome.ok) return outcome.value
        throw outcome.error
      })
      verifyEqual(
        received,
        value,
        `\`jsonField\` should return the parsed value of a field that contains \`${text}\`.`,
      )
    }
  })

  test('reports a missing field', async () => {
    const error = await callError(
      'jsonField',
      () => jsonField(entry(), 'data'),
      EntryFieldError,
      'The entry has no field `data`, so `jsonField` should throw an `EntryFieldError`. A `SyntaxError` from `JSON.parse(undefined)` names neither the entry nor the field, and returning `undefined` or `{}` would hide that something is missing.',
    )
    pointsTo(error, 'data')
  })

  test("reports a field that isn't JSON", async () => {
    for (const text of ['{"name":"Ad', 'Ada', '']) {
      const error = await callError(
        'jsonField',
        () => jsonField(entry(text), 'data'),
        EntryFieldError,
        `The field \`data\` contains ${text === '' ? 'an empty string' : `\`${text}\``}, which isn't JSON. \`jsonField\` should throw an \`EntryFieldError\`, because a bare \`SyntaxError\` doesn't say which of a million entries is wrong.`,
      )
      pointsTo(error, 'data')
    }
  })

  function pointsTo(error: EntryFieldError, field: string): void {
    verifyEqual(
      { name: error.name, id: error.id, field: error.field },
      { name: 'EntryFieldError', id: '1000-3', field },
      'The `EntryFieldError` should have that `name` and carry the `id` of the entry and the name of the `field`. You need them to find the entry.',
    )
  }
})

const START = { user_updates: '0-0', user_activity: '0-0', user_friends: '0-0' }

/** Groups a result by stream for comparison, because the streams may be in any order. */
function summary({ entries, positions }: NewEntries) {
  const of = (stream: string) => entries.filter((one) => one.stream === stream).map(({ id }) => id)
  return {
    entries: {
      user_updates: of('user_updates'),
      user_activity: of('user_activity'),
      user_friends: of('user_friends'),
    },
    positions,
  }
}

async function read(positions: Readonly<Record<string, string>>, waitMs: number): Promise<NewEntries> {
  const outcome = await attempt('readNew', () => readNew(box.redis, positions, waitMs), { background: true })
  verify(
    outcome.ok || !/null|undefined|iterable/.test(String(outcome.error)),
    '`readNew` failed when no stream had anything new. In that case, `XREAD` replies with `null`, not an empty list, so check for `null` before you iterate.',
    { received: !outcome.ok && outcome.error },
  )
  verify(
    outcome.ok || !/Invalid stream ID|Unbalanced/i.test(String(outcome.error)),
    'Redis rejected the `XREAD` from `readNew`. After `STREAMS`, it expects the names of all streams, then all positions in the same order: `user_updates user_friends 1000-0 0-0`.',
    { received: !outcome.ok && outcome.error },
  )
  const result = await call(
    'readNew',
    () => {
      if (outcome.ok) return outcome.value
      throw outcome.error
    },
    { background: true },
  )
  isResult(result)
  return result
}

/** Waits for the condition, or until the reads have failed. Gives up after two seconds, or later if Redis is slow. */
async function arrived(reading: Promise<unknown>, condition: () => boolean): Promise<void> {
  for (let tick = 0; tick < 400 && !condition(); tick += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await Promise.race([reading, box.roundTrips(1)])
  }
}

function isResult(result: NewEntries): void {
  verify(
    Array.isArray(result?.entries) && typeof result.positions === 'object' && result.positions !== null,
    '`readNew` should resolve to an object with `entries` (an array) and `positions`, even if there are no entries.',
    { expected: { entries: [], positions: START }, received: result },
  )
}

describe('readNew', () => {
  test("treats a stream that doesn't exist as empty", async () => {
    for (const stream of ['user_updates', 'user_friends']) await plant(stream, 1, () => '1000-0')
    const two = { user_updates: '0-0', user_friends: '0-0' }
    const there = await attempt('readNew', () => readNew(box.redis, two, 0), { background: true })
    const outcome = await attempt('readNew', () => readNew(box.redis, { ...START }, 0), { background: true })
    verify(
      outcome.ok || !there.ok,
      "`readNew` failed because one of its streams doesn't exist yet. Redis creates a stream with its first entry, so treat a missing stream as empty.",
      { received: !outcome.ok && outcome.error },
    )
  })

  test('reads several streams, each from its position', async () => {
    await plant('user_updates', 3, (n) => `${n}000-0`)
    await plant('user_friends', 2, (n) => (n === 1 ? '1-0' : '2000-0'))
    const result = await read({ ...START, user_updates: '1000-0' }, 0)
    verifyEqual(
      summary(result),
      {
        entries: { user_updates: ['2000-0', '3000-0'], user_activity: [], user_friends: ['1-0', '2000-0'] },
        positions: { user_updates: '3000-0', user_activity: '0-0', user_friends: '2000-0' },
      },
      "`readNew` should return the entries after each stream's position, and the next position for *every* stream: the last ID, or the old position if there are no entries. A caller never reads a stream again if it's missing from the positions.",
      [
        [
          () =>
            ['1-0', '2000-0', '3000-0'].every(
              (id) => result.entries.filter((one) => one.id === id).length === 1,
            ),
          'Two streams have an entry `2000-0`, and `readNew` returned only one of them. An ID is unique only within its stream, so two entries with the same ID can be two different entries.',
        ],
      ],
    )
    verifyEqual(
      result.entries.find(({ stream }) => stream === 'user_friends'),
      { stream: 'user_friends', id: '1-0', fields: { n: '1' } },
      `Each entry should have its \`stream\`, its \`id\`, and its \`fields\`. ${FLAT}`,
    )
  })

  test("leaves the caller's positions alone", async () => {
    await plant('user_updates', 1, () => '1000-0')
    const given = { ...START }
    await read(given, 0)
    verifyEqual(
      given,
      START,
      '`readNew` changed the positions it received. They belong to the caller, so return new ones.',
    )
  })

  test('returns when there is nothing', async () => {
    verifyEqual(
      summary(await read(START, 0)),
      { entries: { user_updates: [], user_activity: [], user_friends: [] }, positions: START },
      "If there's nothing new and `waitMs` is 0, `readNew` should return no entries and the old positions.",
    )
    const blocked = Math.max(0, ...box.commands.map(blockOf))
    verify(
      blocked <= 10,
      'With `waitMs` 0, `readNew` shouldn\'t wait at all, but it sent an `XREAD` with `BLOCK`. To Redis, `BLOCK 0` means "forever," so leave `BLOCK` out.',
      { expected: words('no BLOCK'), received: words(`BLOCK ${blocked}`) },
    )
    verifyEqual(
      summary(await read(START, 30)),
      { entries: { user_updates: [], user_activity: [], user_friends: [] }, positions: START },
      'If nothing arrives in time, `readNew` should return no entries and the old positions.',
    )
    // Only what Redis ended: an answer may also end the wait itself, by closing its connection.
    const timedOut = box.commands.filter(({ reply, pending }) => reply === null && !pending)
    const longest = Math.max(0, ...timedOut.map(blockOf))
    verify(
      longest <= 30,
      `With \`waitMs\` 30, \`readNew\` sent an \`XREAD\` with \`BLOCK ${longest}\`, so it may wait longer than the caller allows. Pass \`waitMs\` to \`BLOCK\` as it is.`,
      { expected: words('BLOCK 30 at most'), received: words(`BLOCK ${longest}`) },
    )
  })

  test('lets errors from Redis through', async () => {
    await box.admin.set('user_friends', 'not a stream')
    for (const waitMs of [0, 20]) {
      const outcome = await attempt('readNew', () => readNew(box.redis, START, waitMs), { background: true })
      verify(
        !outcome.ok && /WRONGTYPE/.test(String(outcome.error)),
        `\`user_friends\` holds a string instead of a stream, and with \`waitMs\` ${waitMs}, \`readNew\` didn't reject with the error from Redis (\`WRONGTYPE\`). Let that error reach the caller, which otherwise keeps waiting for entries that can't arrive.`,
        { expected: words('the error from Redis'), received: outcome.ok ? outcome.value : outcome.error },
      )
    }
  })

  test("doesn't wait if there's something to return", async () => {
    await plant('user_updates', 2, (n) => `${n}000-0`)
    // 60 seconds, because an answer that waits only for entries that are new from now on never returns within the test.
    const reading = read(START, 60_000)
    const result = await Promise.race([reading, box.roundTrips(200)])
    reading.catch(() => {})
    verify(
      result !== undefined,
      "`readNew` is waiting even though `user_updates` has two entries after the position. `$` isn't a position: it skips the entries that are already there. Pass the IDs from `positions` to `XREAD`.",
      { expected: ['1000-0', '2000-0'], received: words('nothing yet') },
    )
    verifyEqual(
      result.entries.map(({ id }) => id),
      ['1000-0', '2000-0'],
      "`readNew` should immediately return the entries after the position, even if it's allowed to wait.",
    )
  })

  test('waits for new entries, and lets others use the connection', async () => {
    let result: NewEntries | undefined
    const reading = read(START, 60_000).then((value) => {
      result = value
    })
    reading.catch(() => {})
    await box.roundTrips(200)
    verify(
      result === undefined,
      "`readNew` returned immediately even though `waitMs` allows it to wait. A caller's loop would then query Redis without a pause. Pass `BLOCK` and the milliseconds to `XREAD`.",
      { received: result },
    )
    verify(
      !isBusyPolling(box.commands),
      'While `readNew` waited, it polled Redis as fast as Redis could reply. That keeps Redis and a processor core busy for nothing. With `BLOCK`, Redis does the waiting, and one command is enough.',
      { received: words(`${box.commands.length} commands, while another client sent 200`) },
    )
    let answered = false
    const question = box.redis.get('anything').then(() => {
      answered = true
    })
    await Promise.race([question, box.roundTrips(200)])
    const shared = !answered
    await box.admin.xadd('user_friends', '7-0', 'n', '1')
    await question
    await arrived(reading, () => result !== undefined || shared)
    verify(
      shared || result !== undefined,
      "An entry arrived while `readNew` was waiting, and `readNew` didn't return it. Wait only until the first entry arrives: `waitMs` is a limit, not a time to sleep. `XREAD` with `BLOCK` replies as soon as there's something.",
      { expected: words('the entry 7-0'), received: words('nothing yet') },
    )
    verify(
      !shared,
      'While `readNew` waited, a `GET` on the same connection got no reply. A blocked connection does nothing else, so all code that shares it waits too. Wait on a `redis.duplicate()`, and close it afterward.',
    )
    verifyEqual(
      result && summary(result),
      {
        entries: { user_updates: [], user_activity: [], user_friends: ['7-0'] },
        positions: { user_updates: '0-0', user_activity: '0-0', user_friends: '7-0' },
      },
      '`readNew` should return the entry that arrived while it was waiting, and the position after it.',
    )
  })

  test("doesn't wait on the caller's connection, however short the wait is", async () => {
    await read(START, 30)
    await call('redis.ping', () => box.redis.ping())
    // The last one, because an answer may test its own connection in the same way.
    const callers = box.commands.findLast(({ name }) => name === 'PING')?.client
    verify(
      !box.commands.some((command) => command.client === callers && blockOf(command) > 0),
      "With `waitMs` 30, `readNew` waited on the caller's connection. Even a short wait holds up all code that shares it, so wait on a `redis.duplicate()`, however short the wait is.",
      { expected: words('BLOCK on a connection of its own'), received: "BLOCK on the caller's connection" },
    )
  })

  test('waits in two calls at once', async () => {
    let updates: NewEntries | undefined
    let friends: NewEntries | undefined
    const both = Promise.all([
      read({ user_updates: '0-0' }, 60_000).then((value) => {
        updates = value
      }),
      read({ user_friends: '0-0' }, 60_000).then((value) => {
        friends = value
      }),
    ])
    both.catch(() => {})
    await box.roundTrips(100)
    await box.admin.xadd('user_friends', '7-0', 'n', '1')
    await arrived(both, () => friends !== undefined)
    const [early, isLate] = [updates, friends === undefined]
    await box.admin.xadd('user_updates', '8-0', 'n', '1')
    await arrived(both, () => updates !== undefined && friends !== undefined)
    verify(
      !isLate || friends === undefined,
      "Two calls to `readNew` were waiting, each for a different stream, and then an entry arrived in both streams. One call returned only after an entry had arrived for the other one. A blocked connection does nothing else, so don't share it, and don't let one call wait for another.",
      {
        expected: words('the entry 7-0 of user_friends, as soon as it had arrived'),
        received: words('the entry 7-0 of user_friends, only after 8-0 had arrived in user_updates'),
      },
    )
    verify(
      !isLate && early === undefined && updates !== undefined,
      'Two calls to `readNew` were waiting, each for a different stream, and then an entry arrived in both streams. At least one of the calls missed its entry. A blocked connection does nothing else, so each call needs its own `redis.duplicate()`.',
      { expected: words('the entry of its own stream for each call'), received: { updates, friends } },
    )
    await both
  })

  test('closes what it opened', async () => {
    await read(START, 20)
    await plant('user_updates', 1, () => '1000-0')
    await read(START, 20)
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      `After two calls to \`readNew\`, ${left} of its connections are still open. Called in a loop, \`readNew\` would soon reach Redis's limit on clients. Disconnect the duplicate in a \`finally\`.`,
    )
    await attempt('readNew', () => readNew(box.redis, { user_updates: 'no-id' }, 20), { background: true })
    verify(
      (await connectionsStillOpen()) === 0,
      "`readNew` received a position that isn't an ID, so its `XREAD` failed, and the connection it had opened is still open. Close it in a `finally`, which runs whether the read succeeds or not.",
      { expected: words('no more connections than before'), received: words('one more') },
    )
    verifyEqual(
      await call('redis.ping', () => box.redis.ping()),
      'PONG',
      "The caller's connection no longer works after `readNew`. Close only the connection that you opened.",
    )
  })

  test('reads 100 entries per stream at a time', async () => {
    await plant('user_activity', 230, (n) => `5-${n}`)
    await plant('user_updates', 1, () => '1000-0')
    const sizes: number[] = []
    const seen: number[] = []
    let positions: Readonly<Record<string, string>> = START
    for (let calls = 0; calls < 4; calls += 1) {
      const result = await read(positions, 0)
      const ours = result.entries.filter(({ stream }) => stream === 'user_activity')
      sizes.push(ours.length)
      seen.push(...ours.map(({ fields }) => Number(fields.n)))
      positions = result.positions
    }
    verifyEqual(
      sizes,
      [100, 100, 30, 0],
      'Of 230 entries, `readNew` should return 100, then 100, then 30, and then none. Read at most 100 from each stream (`COUNT 100`), starting after the positions you receive.',
      [
        [
          (found) => found[0] === 100 && found[3] === 100,
          "Each of four calls returned 100 of 230 entries, so the position gets stuck somewhere. The next position is the ID of the last entry you return. It's always greater than the old one, so don't compare the two: as strings, `5-100` comes before `5-99`.",
        ],
      ],
    )
    verify(
      seen.every((n, i) => n === i + 1),
      'Four calls, each with the positions from the one before, should return the 230 entries once each and in order.',
      { received: seen },
    )
    const waiting = await read(START, 20)
    verify(
      waiting.entries.filter(({ stream }) => stream === 'user_activity').length === 100,
      "Of 230 entries, `readNew` should return the first 100, even if it's allowed to wait. Pass `COUNT 100` together with `BLOCK`.",
      { expected: words('100 entries'), received: words(`${waiting.entries.length} entries`) },
    )
  })

  test('misses nothing that arrives between two calls', async () => {
    await everyInterleaving({
      name: 'readNew',
      prepare: async (admin) => {
        await admin.xadd('user_updates', '1000-0', 'n', '1')
      },
      first: async (redis) => {
        const one = await readNew(redis, { user_updates: '0-0' }, 30)
        const two = await readNew(redis, one.positions, 30)
        return [one, two]
      },
      second: async () => {
        await box.admin.xadd('user_updates', '2000-0', 'n', '2')
      },
      verify: async ({ first, held }) => {
        verify(first.ok, '`readNew` failed when an entry was added at the same time.', {
          received: !first.ok && first.error,
        })
        const results = [...first.value]
        const ids = () => results.flatMap(({ entries }) => entries.map(({ id }) => id))
        // A read from `$` that was held back until the entry was there skips it. Any other read that returns nothing may have timed
        // out, and the next call returns the entry.
        const fromEnd = box.commands.some(({ name, args }) => name === 'XREAD' && args.includes('$'))
        if (fromEnd && held !== undefined && /^(X|EVAL|FCALL|EXEC)/.test(held)) {
          verifyEqual(
            ids(),
            ['1000-0', '2000-0'],
            `The entry \`2000-0\` was added just before \`readNew\` sent its \`${held}\`, and two calls should return it once. A read from \`$\` skips everything that came before it. Always continue from the IDs in the positions.`,
          )
        }
        results.push(await readNew(box.connect(), results.at(-1)?.positions ?? {}, 0))
        verifyEqual(
          ids(),
          ['1000-0', '2000-0'],
          'If you keep calling `readNew` with the positions from the last result, it should return every entry exactly once.',
        )
      },
    })
  })

  test('passes on an error from any command', async () => {
    const why = 'A caller that gets no entries keeps calling, and never finds out why none arrive.'
    let before = 0
    // An answer that ends the wait itself may have closed its connection before the error arrived.
    const isUntold = () => !box.commands.slice(before).some(({ error }) => error?.name === 'ReplyError')
    for (const waitMs of [0, 60_000]) {
      await passesOnErrors({
        name: 'readNew',
        prepare: () => plant('user_updates', 3, (n) => `${n}-0`),
        run: (redis) => {
          before = box.commands.length
          return readNew(redis, START, waitMs)
        },
        works: ({ entries }) => entries.length === 3 || isUntold(),
        why,
      })
    }
    let left = 0
    await passesOnErrors({
      name: 'readNew',
      run: async (redis) => {
        before = box.commands.length
        try {
          return await readNew(redis, START, 5) // nothing is there, so it waits
        } catch (error) {
          left = Math.max(left, await connectionsStillOpen())
          throw error
        }
      },
      works: isUntold,
      why,
    })
    verify(
      left === 0,
      'Redis refused a command, and `readNew` rejected but left its own connection open. Close it in a `finally`, which runs whether the read succeeds or not.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
  })
})

function chunk(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return pairs
}

/** Returns the milliseconds after BLOCK, 0 if there's no BLOCK, or infinity for `BLOCK 0`. */
function blockOf({ args }: { readonly args: readonly unknown[] }): number {
  const at = args.findIndex((arg) => /^block$/i.test(String(arg)))
  return at < 0 ? 0 : Number(args[at + 1]) || Number.POSITIVE_INFINITY
}
