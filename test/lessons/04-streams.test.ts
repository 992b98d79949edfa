/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyInterleaving,
  isRestless,
  largestReply,
  useSandbox,
  verify,
  verifyEqual,
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

/** `count` entries with the fields `{ n }`, numbered from 1, the ids made by `id`. */
async function plant(stream: string, count: number, id: (n: number) => string): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = 1; n <= count; n += 1) pipeline.xadd(stream, id(n), 'n', n)
  await pipeline.exec()
}

function isEntries(name: string, entries: readonly StreamEntry[]): void {
  verify(
    Array.isArray(entries),
    `${name} should return an array of entries, also when there are none: an empty one.`,
    {
      expected: [{ id: '10-0', fields: { n: '1' } }],
      received: entries,
    },
  )
}

const FLAT =
  'The fields of an entry come as a flat list, name, value, name, value. Pair them, so that `fields.data` is the value of `data`.'

describe('addEntry', () => {
  test('appends an entry with its fields', async () => {
    const fields = { userId: '42', data: '{"name":"Zoë \\"Z\\" 😀"}', note: '', id: 'mine' }
    const id = await call('addEntry', () => addEntry(box.redis, 'user_updates', fields))
    const stored = await box.admin.xrange('user_updates', '-', '+')
    verify(
      stored.length === 1,
      'After addEntry the stream `user_updates` should hold one entry. XADD takes its fields as a flat list: name, value, name, value.',
      { received: stored },
    )
    verifyEqual(
      new Map(chunk(stored[0]?.[1] ?? [])),
      new Map(Object.entries(fields)),
      'The entry should have the fields that were given, each value letter for letter, and no others.',
    )
    verifyEqual(
      id,
      stored[0]?.[0],
      'addEntry should resolve to the id of the entry, as Redis replied it: it is the only way to find the entry again.',
    )
  })

  test('lets Redis make the ids', async () => {
    // An entry from a machine whose clock was a century ahead: ids go on from there.
    await box.admin.xadd('user_updates', '4102444800000-7', 'userId', '1')
    const outcome = await attempt('addEntry', () => addEntry(box.redis, 'user_updates', { userId: '42' }))
    verify(
      outcome.ok,
      'addEntry failed on a stream whose last id is ahead of the clock. An id that you make yourself from the time collides; with `*` Redis makes one that is always greater than the last.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      typeof outcome.value === 'string' && (await box.admin.xlen('user_updates')) === 2,
      'addEntry should append the entry behind the last one and resolve to its id.',
      { received: outcome.value },
    )
  })

  test('drops nothing unless told to', async () => {
    await plant('user_activity', 1_300, (n) => `${n}-0`)
    await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: '1301' }))
    const trimming = box.commands.some(
      ({ name, args }) => /^X(ADD|TRIM)$/i.test(name) && /^(MAXLEN|MINID)$/i.test(String(args[1])),
    )
    verify(
      (await box.admin.xlen('user_activity')) === 1_301 && !trimming,
      'addEntry without `keepAbout` dropped entries, or told Redis to trim. Whoever does not ask for trimming keeps everything; a limit that nobody named is reached one day, and then entries vanish without a word.',
      { expected: '1301 entries, no MAXLEN', received: `${await box.admin.xlen('user_activity')} entries` },
    )
  })

  test('keeps at least what was asked for', async () => {
    await plant('user_activity', 250, (n) => `${n}-0`)
    for (let n = 251; n <= 260; n += 1) {
      await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: String(n) }, 10))
    }
    const left = await box.admin.xrange('user_activity', '-', '+')
    verify(left.length >= 10, 'With `keepAbout` 10 the newest ten entries should stay; fewer are left.', {
      expected: 'at least 10 entries',
      received: `${left.length} entries`,
    })
    verifyEqual(
      left.slice(-10).map(([, [, n]]) => n),
      ['251', '252', '253', '254', '255', '256', '257', '258', '259', '260'],
      'Trimming should drop the oldest entries; the newest ten are no longer the last ten that were appended.',
    )
    verify(
      left.length < 250,
      'With `keepAbout` 10 the stream of 250 entries did not get shorter: nothing trims by itself. Give XADD `MAXLEN ~ 10`.',
      { expected: 'fewer than 250 entries', received: `${left.length} entries` },
    )
  })

  test('keeps the last one that was asked for', async () => {
    await plant('user_activity', 200, (n) => `${n}-0`)
    await call('addEntry', () => addEntry(box.redis, 'user_activity', { n: '201' }, 102))
    const length = await box.admin.xlen('user_activity')
    verify(
      length >= 102,
      'With `keepAbout` 102 fewer than 102 of 201 entries are left. Give `MAXLEN ~` the number as it is: one less, and Redis may drop a block of which you wanted one entry.',
      { expected: 'at least 102 entries', received: `${length} entries` },
    )
    const names = box.commands.map(({ name }) => name.toUpperCase())
    verify(
      !names.includes('XTRIM') || names.includes('EXEC'),
      'addEntry appends with XADD and trims with an XTRIM of its own. Let Redis do both in one step: XADD takes `MAXLEN ~` itself, which saves a round trip, and nobody can die in between.',
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
      'addEntry trims exactly: after 50 appends with `keepAbout` 10 there are ten entries, not one more. Redis then cuts a block open at every append. Write `MAXLEN ~ 10`, which drops whole blocks only.',
      { expected: 'more than 10 entries', received: `${length} entries` },
    )
  })
})

describe('readEntries, readLatest', () => {
  test('pairs the fields', async () => {
    await box.admin.xadd('user_updates', '1000-0', 'userId', '42', 'data', '{"name":"Ada"}', 'note', '')
    const expected = [{ id: '1000-0', fields: { userId: '42', data: '{"name":"Ada"}', note: '' } }]
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_updates'))
    isEntries('readEntries', entries)
    verifyEqual(entries, expected, `readEntries should return entries as { id, fields }. ${FLAT}`)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_updates', 5))
    isEntries('readLatest', latest)
    verifyEqual(latest, expected, `readLatest should return entries as { id, fields }. ${FLAT}`)
  })

  test('gives each entry its own fields', async () => {
    await box.admin.xadd('user_updates', '1000-0', 'userId', '42', 'note', 'x')
    await box.admin.xadd('user_updates', '1001-0', 'userId', '43')
    const expected = [
      { id: '1000-0', fields: { userId: '42', note: 'x' } },
      { id: '1001-0', fields: { userId: '43' } },
    ]
    const own =
      'Two entries with different fields came back with fields of each other. Begin a new object for each entry.'
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

  test('finds nothing where nothing is', async () => {
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_updates'))
    isEntries('readEntries', entries)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_updates', 5))
    isEntries('readLatest', latest)
    verifyEqual(
      [entries, latest],
      [[], []],
      'A stream that does not exist has no entries: return an empty array.',
    )
  })

  test('goes on behind the entry', async () => {
    await plant('user_activity', 4, (n) => ['8-0', '9-0', '10-0', '10-1'][n - 1] ?? '')
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_activity', '9-0'))
    isEntries('readEntries', entries)
    const ids = entries.map(({ id }) => id)
    verify(
      ids[0] !== '9-0',
      'readEntries after `9-0` returned `9-0` once more: the start of XRANGE is inclusive. Write `(9-0`, with an opening parenthesis in front.',
      { expected: ['10-0', '10-1'], received: ids },
    )
    verifyEqual(
      ids,
      ['10-0', '10-1'],
      'Behind `9-0` stand `10-0` and `10-1`, in this order. Ids are numbers: compared as texts, "9-0" would come after "10-0".',
    )
  })

  test('goes on behind an entry that is gone', async () => {
    await plant('user_activity', 4, (n) => `${n}-0`)
    await box.admin.xdel('user_activity', '2-0')
    const entries = await call('readEntries', () => readEntries(box.redis, 'user_activity', '2-0'))
    isEntries('readEntries', entries)
    verifyEqual(
      entries.map(({ id }) => id),
      ['3-0', '4-0'],
      'The entry `2-0` has been deleted; behind it stand `3-0` and `4-0`. An id is a place, whether there is still an entry or not: do not drop the first entry of a reply without looking at its id.',
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
      verify(page.length <= 60, 'readEntries with a `count` of 60 returned more than 60 entries.', {
        received: `${page.length} entries`,
      })
      if (page.length === 0) break
      seen.push(...page.map(({ fields }) => Number(fields.n)))
      after = page.at(-1)?.id ?? ''
    }
    verify(
      seen.length === 250 && seen.every((n, i) => n === i + 1),
      'Going on from the id of each page’s last entry should bring each of 250 entries once. 240 of them were made in the same millisecond, so both parts of the id matter: never compute the next id from the first part.',
      { expected: '1 to 250', received: `${seen.length} entries, the last is ${seen.at(-1)}` },
    )
    verify(
      largestReply(box.commands) <= 61,
      'readEntries fetched more than the page: let Redis count, with COUNT, instead of cutting a long reply off. On a stream of a million the difference is seconds.',
      { expected: 'at most 61 entries in one reply', received: `${largestReply(box.commands)} entries` },
    )
  })

  test('reads 100 when no count is given', async () => {
    await plant('user_activity', 130, (n) => `${n}-0`)
    const page = await call('readEntries', () => readEntries(box.redis, 'user_activity'))
    isEntries('readEntries', page)
    verifyEqual(
      [page.length, page[0]?.id, page.at(-1)?.id],
      [100, '1-0', '100-0'],
      'Without `after` and `count` readEntries should return the first 100 entries of the stream.',
    )
  })

  test('reads the newest first, and no more than asked for', async () => {
    await plant('user_activity', 90, (n) => `${n}-0`)
    const latest = await call('readLatest', () => readLatest(box.redis, 'user_activity', 10))
    isEntries('readLatest', latest)
    verify(
      latest.length === 10,
      'readLatest should return ten entries when asked for ten, whatever the stream holds. A stream trimmed with `MAXLEN ~ 10` may well hold ninety: ~ is no promise.',
      { expected: '10 entries', received: `${latest.length} entries` },
    )
    verifyEqual(
      latest.map(({ id }) => id),
      ['90-0', '89-0', '88-0', '87-0', '86-0', '85-0', '84-0', '83-0', '82-0', '81-0'],
      'readLatest should return the last entries, the newest first.',
    )
    verify(
      largestReply(box.commands) <= 11,
      'readLatest fetched the whole stream to return its end. XREVRANGE with COUNT reads from the end.',
      { expected: 'at most 11 entries in one reply', received: `${largestReply(box.commands)} entries` },
    )
  })
})

describe('compareIds, timeOf, jsonField', () => {
  const PAIRS = [
    ['9-0', '10-0', 'As texts, "9-0" comes after "10-0"; as ids it comes before. Compare numbers.'],
    ['10-2', '10-10', 'The second part is a number too: 2 comes before 10.'],
    ['5-9', '6-0', 'The first part decides; the second counts only where the first parts are equal.'],
    ['1772355600123-0', '1772355600123-1', 'Within one millisecond the second part decides.'],
    [
      '1-0',
      '4294967297-0',
      'The difference does not fit into 32 bits, and `| 0` and its kin cut off what does not.',
    ],
    [
      '1-0',
      '2147483650-0',
      'The difference does not fit into 32 bits, and `| 0` and its kin cut off what does not.',
    ],
    [
      '9007199254740992-0',
      '9007199254740993-0',
      'Both parts are 64-bit numbers. A `number` is exact up to 2^53 only; take BigInt.',
    ],
    [
      '1-18446744073709551614',
      '1-18446744073709551615',
      'Both parts are 64-bit numbers. A `number` is exact up to 2^53 only; take BigInt.',
    ],
  ] as const
  for (const [a, b, why] of PAIRS) {
    test(`${a} before ${b}`, async () => {
      const forward = await call('compareIds', () => compareIds(a, b))
      verify(
        typeof forward === 'number',
        'compareIds should return a number, as `sort` wants it; a bigint or a boolean makes `sort` throw or go wrong.',
        { received: forward },
      )
      verify(forward < 0, `compareIds('${a}', '${b}') should be negative. ${why}`, { received: forward })
      const back = await call('compareIds', () => compareIds(b, a))
      verify(back > 0, `compareIds('${b}', '${a}') should be positive. ${why}`, { received: back })
    })
  }

  test('0 for equal ids', async () => {
    const result = await call('compareIds', () => compareIds('1772355600123-4', '1772355600123-4'))
    verify(result === 0, 'compareIds should return 0 for two equal ids.', { received: result })
  })

  test('time of an id', async () => {
    const time = await call('timeOf', () => [timeOf('1772355600123-5')])
    verify(time[0] instanceof Date, 'timeOf should return a Date.', { received: time[0] })
    verifyEqual(
      time[0].getTime(),
      1_772_355_600_123,
      'The first part of an id is milliseconds since 1970 (not nanoseconds, not seconds): `1772355600123-5` was made on 2026-03-01T09:00:00.123Z. The second part is a count, no time.',
    )
  })

  const entry = (data?: string): StreamEntry => ({
    id: '1000-3',
    fields: data === undefined ? { userId: '42' } : { userId: '42', data },
  })

  test('what the JSON stands for', async () => {
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
        `jsonField refused a field that holds ${text}. That is JSON, and stands for a value; \`if (!value)\` takes null, false, 0 and the empty text for nothing at all.`,
        { expected: value, received: !outcome.ok && outcome.error },
      )
      const received = await call('jsonField', () => {
        if (outcome.ok) return outcome.value
        throw outcome.error
      })
      verifyEqual(
        received,
        value,
        `jsonField of a field that holds ${text} should return the value it stands for.`,
      )
    }
  })

  test('a field that is missing', async () => {
    const error = await callError(
      'jsonField',
      () => jsonField(entry(), 'data'),
      EntryFieldError,
      'The entry has no field `data`. jsonField should throw an EntryFieldError then: `JSON.parse(undefined)` throws a SyntaxError that names neither the entry nor the field, and a value like undefined or {} would hide that something is missing.',
    )
    pointsTo(error, 'data')
  })

  test('a field that holds no JSON', async () => {
    for (const text of ['{"name":"Ad', 'Ada', '']) {
      const error = await callError(
        'jsonField',
        () => jsonField(entry(text), 'data'),
        EntryFieldError,
        `The field \`data\` holds ${JSON.stringify(text)}, which is no JSON. jsonField should throw an EntryFieldError; a bare SyntaxError does not say which entry of which of a million it was.`,
      )
      pointsTo(error, 'data')
    }
  })

  function pointsTo(error: EntryFieldError, field: string): void {
    verifyEqual(
      { name: error.name, id: error.id, field: error.field },
      { name: 'EntryFieldError', id: '1000-3', field },
      'The EntryFieldError should have that name and carry the `id` of the entry and the name of the `field`: it is how one finds the entry.',
    )
  }
})

const START = { user_updates: '0-0', user_activity: '0-0', user_friends: '0-0' }

/** What is compared of a result: the order of the streams in it is free. */
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
    'readNew failed where no stream had anything new. The reply of XREAD is null then, not an empty list: look before you iterate.',
    { received: !outcome.ok && outcome.error },
  )
  verify(
    outcome.ok || !/Invalid stream ID|Unbalanced/i.test(String(outcome.error)),
    'Redis did not understand the XREAD of readNew. Behind STREAMS it wants the names of all streams first, and then all positions, in the same order: `user_updates user_friends 1000-0 0-0`.',
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

function isResult(result: NewEntries): void {
  verify(
    Array.isArray(result?.entries) && typeof result.positions === 'object' && result.positions !== null,
    'readNew should resolve to an object with `entries`, an array, and `positions`, also when nothing came.',
    { expected: { entries: [], positions: START }, received: result },
  )
}

describe('readNew', () => {
  test('takes a stream that does not exist for an empty one', async () => {
    for (const stream of ['user_updates', 'user_friends']) await plant(stream, 1, () => '1000-0')
    const two = { user_updates: '0-0', user_friends: '0-0' }
    const there = await attempt('readNew', () => readNew(box.redis, two, 0), { background: true })
    const outcome = await attempt('readNew', () => readNew(box.redis, START, 0), { background: true })
    verify(
      outcome.ok || !there.ok,
      'readNew failed because one of its streams does not exist yet. A stream comes into being with its first entry; until then it is one without entries.',
      { received: !outcome.ok && outcome.error },
    )
  })

  test('reads several streams, each from its position', async () => {
    await plant('user_updates', 3, (n) => `${n}000-0`)
    await plant('user_friends', 2, (n) => `${n}-0`)
    const result = await read({ ...START, user_updates: '1000-0' }, 0)
    verifyEqual(
      summary(result),
      {
        entries: { user_updates: ['2000-0', '3000-0'], user_activity: [], user_friends: ['1-0', '2-0'] },
        positions: { user_updates: '3000-0', user_activity: '0-0', user_friends: '2-0' },
      },
      'readNew should return what stands behind each stream’s own position, and for *every* stream where to go on: the last id, or the position as it was where nothing came. A stream that is missing in the positions is forgotten for good.',
    )
    verifyEqual(
      result.entries.find(({ stream }) => stream === 'user_friends'),
      { stream: 'user_friends', id: '1-0', fields: { n: '1' } },
      `Each entry should have its \`stream\`, its \`id\` and its \`fields\`. ${FLAT}`,
    )
  })

  test('changes nothing of what it was given', async () => {
    await plant('user_updates', 1, () => '1000-0')
    const given = { ...START }
    await read(given, 0)
    verifyEqual(
      given,
      START,
      'readNew changed the positions that it was given. They are the caller’s; return new ones.',
    )
  })

  test('returns when there is nothing', async () => {
    verifyEqual(
      summary(await read(START, 0)),
      { entries: { user_updates: [], user_activity: [], user_friends: [] }, positions: START },
      'With nothing new and `waitMs` 0 readNew should return no entries, and the positions as they were.',
    )
    const blocked = Math.max(0, ...box.commands.map(blockOf))
    verify(
      blocked <= 10,
      'With `waitMs` 0 readNew should not wait at all, and it sent an XREAD with BLOCK. To Redis `BLOCK 0` means "for ever"; leave BLOCK out.',
      { expected: 'no BLOCK', received: `BLOCK ${blocked}` },
    )
    verifyEqual(
      summary(await read(START, 30)),
      { entries: { user_updates: [], user_activity: [], user_friends: [] }, positions: START },
      'When nothing came in time, readNew should return no entries, and the positions as they were.',
    )
  })

  test('does not wait when there is something', async () => {
    await plant('user_updates', 2, (n) => `${n}000-0`)
    // 60 seconds: an answer that waits for what is *new* from now on never gets to the end of this.
    const reading = read(START, 60_000)
    const result = await Promise.race([reading, box.roundTrips(200)])
    reading.catch(() => {})
    verify(
      result !== undefined,
      'readNew waits although `user_updates` has two entries behind the position. `$` is no position: it skips what is there already. Give XREAD the ids that you were given.',
      { expected: ['1000-0', '2000-0'], received: 'nothing yet' },
    )
    verifyEqual(
      result.entries.map(({ id }) => id),
      ['1000-0', '2000-0'],
      'readNew should return what stands behind the position, at once, also when it may wait.',
    )
  })

  test('waits for what comes, and lets others use the connection', async () => {
    let result: NewEntries | undefined
    const reading = read(START, 60_000).then((value) => {
      result = value
    })
    reading.catch(() => {})
    await box.roundTrips(200)
    verify(
      result === undefined,
      'readNew returned at once although it was told to wait. Whoever calls it in a loop then asks Redis without a pause: give XREAD `BLOCK` and the milliseconds.',
      { received: result },
    )
    verify(
      !isRestless(box.commands),
      'While it waited readNew asked again and again, as fast as Redis could answer. A program that waits like that keeps Redis and a processor core busy for nothing: with `BLOCK` it is Redis that waits, and one question is enough.',
      { received: `${box.commands.length} commands, while another client sent 200` },
    )
    let answered = false
    const question = box.redis.get('anything').then(() => {
      answered = true
    })
    await Promise.race([question, box.roundTrips(200)])
    const shared = !answered
    await box.admin.xadd('user_friends', '7-0', 'n', '1')
    await question
    for (let tick = 0; tick < 400 && result === undefined && !shared; tick += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await Promise.race([reading, box.roundTrips(1)])
    }
    verify(
      shared || result !== undefined,
      'An entry came while readNew waited, and readNew did not return it. It should wait for the first entry, and no longer: `waitMs` is the limit, not the time to sleep. XREAD with `BLOCK` returns as soon as something is there.',
      { expected: 'the entry 7-0', received: 'nothing yet' },
    )
    verify(
      !shared,
      'While readNew waited, a GET on the same connection got no answer: a connection that blocks does nothing else, and everybody who shares it waits too. Wait on a `redis.duplicate()` and close it afterwards.',
    )
    verifyEqual(
      result && summary(result),
      {
        entries: { user_updates: [], user_activity: [], user_friends: ['7-0'] },
        positions: { user_updates: '0-0', user_activity: '0-0', user_friends: '7-0' },
      },
      'readNew should return the entry that came while it waited.',
    )
  })

  test('closes what it opened', async () => {
    await read(START, 20)
    await plant('user_updates', 1, () => '1000-0')
    await read(START, 20)
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      `After two calls of readNew ${left} of its connections are still open. In a loop that ends when Redis accepts no more of them: disconnect the duplicate in a \`finally\`.`,
    )
    await attempt('readNew', () => readNew(box.redis, { user_updates: 'no-id' }, 20), { background: true })
    verify(
      (await connectionsStillOpen()) === 0,
      'readNew was given a position that is no id, so its XREAD failed, and the connection that it had opened for it is still there. Close it in a `finally`: that is carried out whether the read went well or not.',
      { expected: 'no connection more than before', received: 'one more' },
    )
    verifyEqual(
      await call('redis.ping', () => box.redis.ping()),
      'PONG',
      'The connection that was handed in should still work.',
    )
  })

  test('reads 100 of a stream at a time', async () => {
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
      'Of 230 entries readNew should return 100, then 100, 30 and none: at most 100 of each stream (COUNT 100), from the positions of the call before.',
    )
    verify(
      seen.every((n, i) => n === i + 1),
      'Four calls, each from the positions of the one before, should bring the 230 entries once each and in order.',
      { received: seen },
    )
    const waiting = await read(START, 20)
    verify(
      waiting.entries.filter(({ stream }) => stream === 'user_activity').length === 100,
      'Of 230 entries readNew should return the first 100, also when it is told that it may wait: give COUNT 100 together with BLOCK.',
      { expected: '100 entries', received: `${waiting.entries.length} entries` },
    )
  })

  test('overlooks nothing that comes between', async () => {
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
        verify(first.ok, 'readNew failed when an entry came at the same time.', {
          received: !first.ok && first.error,
        })
        const results = [...first.value]
        const ids = () => results.flatMap(({ entries }) => entries.map(({ id }) => id))
        // A read from `$` that was held back until the entry was there skips it. Another read that returns nothing may only have been
        // given up when its time was over, and returns the entry in the next call.
        const fromEnd = box.commands.some(({ name, args }) => name === 'XREAD' && args.includes('$'))
        if (fromEnd && held !== undefined && /^(X|EVAL|FCALL|EXEC)/.test(held)) {
          verifyEqual(
            ids(),
            ['1000-0', '2000-0'],
            `The entry \`2000-0\`, appended just before readNew sent its ${held}, should have come once in two calls. A read from \`$\` skips what came before it; go on from the ids of the positions, always.`,
          )
        }
        results.push(await readNew(box.connect(), results.at(-1)?.positions ?? {}, 0))
        verifyEqual(
          ids(),
          ['1000-0', '2000-0'],
          'Calling readNew again and again, each time with the positions of the last result, should bring every entry once.',
        )
      },
    })
  })
})

function chunk(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return pairs
}

/** The milliseconds behind BLOCK, 0 where there is none; without an end for `BLOCK 0`. */
function blockOf({ args }: { readonly args: readonly unknown[] }): number {
  const at = args.findIndex((arg) => /^block$/i.test(String(arg)))
  return at < 0 ? 0 : Number(args[at + 1]) || Number.POSITIVE_INFINITY
}
