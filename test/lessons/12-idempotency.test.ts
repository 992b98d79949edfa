/** Long, because every sentence that a learner may read is here, next to the code that it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  code,
  deliverTwice,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  type Outcome,
  pagingFault,
  passesOnErrors,
  passesOnWrongType,
  plantLongStream,
  sharedWatch,
  shuffled,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
} from '#kit'
import type { Append, PointsEvent, SpendPoints } from '#lesson/12-idempotency'
import { appendOnce, applyOnce, ConcurrencyError, spendPoints } from '#lesson/12-idempotency'

const box = useSandbox()

/** The first key that has a time to live; undefined if none has. */
async function expiring(): Promise<string | undefined> {
  for (const key of await box.admin.keys('*')) {
    if ((await box.admin.pttl(key)) >= 0) return key
  }
  return undefined
}

function earned(n: number, points = 10, userId = 'user-42'): PointsEvent {
  return { eventId: `e-${n}`, eventType: 'POINTS_EARNED', userId, points }
}

/** Tries again, as a caller does, if the code's own connection broke because it never sends a command again. */
async function triedAgain<T>(
  name: string,
  outcome: Outcome<T>,
  again: (redis: Redis) => Promise<T>,
): Promise<Outcome<T>> {
  const broke = !outcome.ok && /Connection is closed|max retries per request/.test(String(outcome.error))
  return broke ? attempt(name, () => again(box.connect())) : outcome
}

const HIDDEN = 'In a script, use `redis.call`: `redis.pcall` returns an error as a value.'

const model = (userId = 'user-42') => box.admin.hgetall(`points:${userId}`)

describe('applyOnce', () => {
  test('applies an event to the read model', async () => {
    const first = await call('applyOnce', () => applyOnce(box.redis, earned(1, 50)))
    verifyEqual(
      await model(),
      { balance: '50', changes: '1' },
      '50 points were earned, so the hash `points:user-42` should contain a balance of 50 and 1 change.',
    )
    verifyEqual(
      first,
      'applied',
      '`applyOnce` should return `applied` for an event that arrives for the first time.',
    )
    const spent: PointsEvent = { eventId: 'e-2', eventType: 'POINTS_SPENT', userId: 'user-42', points: 20 }
    await call('applyOnce', () => applyOnce(box.redis, spent))
    verifyEqual(
      await model(),
      { balance: '30', changes: '2' },
      '50 points were earned and 20 spent, so the balance should be 30 after 2 changes.',
    )
    verifyEqual(
      (await box.admin.smembers('points:user-42:seen')).sort(),
      ['e-1', 'e-2'],
      'The set `points:user-42:seen` should contain the IDs of both events, because it shows which events are in the balance.',
    )
    await call('applyOnce', () => applyOnce(box.redis, { ...spent, eventId: 'e-3', points: 40 }))
    await call('applyOnce', () => applyOnce(box.redis, earned(4, 15)))
    verifyEqual(
      await model(),
      { balance: '5', changes: '4' },
      'Then 40 more were spent, even though only 30 were left, and 15 were earned, so the balance should be 5. Events can arrive out of order. A read model adds up what happened, even if the balance is below zero for a while.',
    )
  })

  test('counts every point', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1, 6_000_000_000)))
    const spent: PointsEvent = {
      eventId: 'e-2',
      eventType: 'POINTS_SPENT',
      userId: 'user-42',
      points: 1_000,
    }
    await call('applyOnce', () => applyOnce(box.redis, spent))
    verifyEqual(
      await model(),
      { balance: '5999999000', changes: '2' },
      '6,000,000,000 points were earned and 1,000 spent, so the balance should be `5999999000`. Operators such as `| 0` cut a number to 32 bits, so pass the points on as they are.',
      [
        [
          ({ changes }) => changes !== '2',
          "Two events arrived, but `changes` isn't 2. The set `points:user-42:seen` had neither of their IDs, and only that set shows which events are in the balance, not the memory of a process.",
        ],
      ],
    )
    await call('applyOnce', () => applyOnce(box.redis, earned(3, 100_000_000_000_001)))
    verifyEqual(
      await model(),
      { balance: '100005999999001', changes: '3' },
      'Then 100,000,000,000,001 more were earned, so the balance should be `100005999999001`. Lua keeps only 14 digits when it turns a number into a string. `HINCRBY` keeps them all.',
    )
  })

  test('changes nothing the second time', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1)))
    const second = await call('applyOnce', () => applyOnce(box.connect(), earned(1)))
    verifyEqual(
      await model(),
      { balance: '10', changes: '1' },
      'The same event was delivered twice, to two processes. It should count once.',
      [
        [
          ({ balance }) => balance === '20',
          "The same event was delivered twice, to two processes, and counted twice. The `eventId` shows that it's the same event. Store it in Redis, because one process can't see what another one keeps in memory.",
        ],
      ],
    )
    verifyEqual(
      second,
      'duplicate',
      '`applyOnce` should return `duplicate` for an event that the read model already contains.',
    )
  })

  test('counts two events with the same content', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1)))
    await call('applyOnce', () => applyOnce(box.redis, earned(2)))
    verifyEqual(
      await model(),
      { balance: '20', changes: '2' },
      'A user earned 10 points twice: two events with different IDs and the same content. Both should count. Two events are the same only if their `eventId` is the same.',
    )
    for (const eventId of ['E-1', 'shop:e-1']) {
      await call('applyOnce', () => applyOnce(box.redis, { ...earned(1), eventId }))
    }
    verifyEqual(
      await model(),
      { balance: '40', changes: '4' },
      'The events `e-1`, `E-1`, and `shop:e-1` are three different events. Compare the `eventId` as it is.',
    )
  })

  test('recognizes events from long before', async () => {
    const events = [1, 2, 3, 4, 5].map((n) => earned(n, n))
    for (const event of shuffled(deliverTwice(events), 7)) {
      await call('applyOnce', () => applyOnce(box.redis, event))
    }
    verifyEqual(
      await model(),
      { balance: '15', changes: '5' },
      'Five events were delivered twice each, in no particular order. Each should count once, so remember all of them, not only the last one.',
    )
  })

  test('keeps users apart', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1, 10)))
    await call('applyOnce', () => applyOnce(box.redis, earned(2, 7, 'user-43')))
    await call('applyOnce', () => applyOnce(box.redis, earned(3, 5, 'User-43')))
    verifyEqual(
      [await model(), await model('user-43'), await model('User-43')],
      [
        { balance: '10', changes: '1' },
        { balance: '7', changes: '1' },
        { balance: '5', changes: '1' },
      ],
      'Three users earned points: `user-42`, `user-43`, and `User-43`. Each of them should have a separate hash, `points:<userId>`, with the ID as it is.',
    )
  })

  test('is all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'applyOnce',
      run: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ last }) => {
        const half = await model()
        await call('applyOnce', () => applyOnce(box.connect(), earned(1)))
        const found = await model()
        verify(
          Number(found.balance ?? 0) >= 10,
          `The process died after ${code(last, 'the start')}, so the event was marked as seen, but its effect never happened. The next delivery looked like a duplicate, and these points are lost forever. Write the mark and the effect in one step.`,
          { expected: { balance: '10', changes: '1' }, received: found },
        )
        verify(
          Number(found.balance) === 10,
          `The process died after ${code(last, 'the start')}, so the effect happened, but the event wasn't marked as seen. The next delivery counted it a second time. Write the mark and the effect in one step.`,
          { expected: { balance: '10', changes: '1' }, received: found },
        )
        verifyEqual(
          found,
          { balance: '10', changes: '1' },
          `The process died after ${code(last, 'the start')}, in the middle of the effect: \`balance\` and \`changes\` no longer match. Write all of it in one step. (In Redis after the crash: ${JSON.stringify(half)}.)`,
        )
      },
    })
  })

  test('changes nothing when the process dies with a duplicate', async () => {
    await everyCrash({
      name: 'applyOnce',
      prepare: async () => {
        await call('applyOnce', () => applyOnce(box.connect(), earned(1)))
      },
      run: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ last }) => {
        verifyEqual(
          await model(),
          { balance: '10', changes: '1' },
          `An event that had already been applied was delivered again, and the process died after ${code(last, 'the start')}. Now the hash is wrong. A duplicate changes nothing, not even for a moment: check for the mark in the step that writes, before it writes.`,
        )
      },
    })
  })

  test('adds up two events that two processes apply', async () => {
    await everyInterleaving({
      name: 'applyOnce',
      first: (redis) => applyOnce(redis, earned(1)),
      second: (redis) => applyOnce(redis, earned(2)),
      verify: async ({ first, second, after }) => {
        const isDiscarded = box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
        verifyEqual(
          [await model(), first.ok && first.value, second.ok && second.value],
          [{ balance: '20', changes: '2' }, 'applied', 'applied'],
          `Two processes applied one event each, the second right after the ${code(after, 'start')} of the first. Both should count, and both calls should return \`applied\` (received: the hash, and what the calls returned).${isDiscarded ? ' An `EXEC` replied `(nil)`, so nothing in it was applied: start again.' : ''}`,
        )
      },
    })
  })

  test('works for two callers on one connection', async () => {
    await everyInterleaving({
      name: 'applyOnce',
      sameConnection: true,
      first: (redis) => applyOnce(redis, earned(1)),
      second: (redis) => applyOnce(redis, earned(2)),
      verify: async ({ first, second, after }) => {
        verify(
          first.ok && second.ok,
          'Two events arrived at the same time on one connection, and one of the calls failed.',
          {
            received: [first, second].find((outcome) => !outcome.ok),
          },
        )
        verifyEqual(
          await model(),
          { balance: '20', changes: '2' },
          `Two parts of one program applied one event each on the same connection, and the balance isn't the sum of both${after ? `: the second call ran right after the ${code(after, 'start')} of the first` : ''}.${sharedWatch(box.commands)}`,
        )
      },
    })
  })

  test('counts once when two processes get the event at the same time', async () => {
    await everyInterleaving({
      name: 'applyOnce',
      first: (redis) => applyOnce(redis, earned(1)),
      second: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ first, second, after }) => {
        verify(
          first.ok && second.ok,
          'Two processes got the same event at the same time, and one of the calls failed.',
          {
            received: [first, second].find((outcome) => !outcome.ok),
          },
        )
        verifyEqual(
          await model(),
          { balance: '10', changes: '1' },
          `Two processes got the same event at the same time, and now the read model is wrong${after ? `: the second call ran right after the ${code(after, 'start')} of the first` : ''}. Check for the mark and write it in one step.`,
        )
        verifyEqual(
          [first.value, second.value].sort(),
          ['applied', 'duplicate'],
          'Two processes got the same event at the same time. One should return `applied`, and the other `duplicate`.',
        )
      },
    })
  })

  test('counts once when a reply is lost', async () => {
    await everyLostReply({
      name: 'applyOnce',
      run: (redis) => applyOnce(redis, earned(1)),
      verify: async (round) => {
        const { lost } = round
        const outcome = await triedAgain('applyOnce', round.outcome, (redis) => applyOnce(redis, earned(1)))
        verifyEqual(
          await model(),
          { balance: '10', changes: '1' },
          `The reply to ${lost} was lost, ioredis sent the command again, and now the read model is wrong. A script that checks the mark can safely be sent twice, but a transaction that doesn't check the mark can't.`,
        )
        verify(
          outcome.ok,
          `The reply to ${lost} was lost, and \`applyOnce\` failed even though the event is in the read model.`,
          {
            received: !outcome.ok && outcome.error,
          },
        )
      },
    })
  })

  test('never forgets', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1)))
    verify(
      (await expiring()) === undefined,
      'The mark has a time to live. The events of a dead consumer may be claimed minutes later, and a stream may be replayed months later. By then, the mark is gone, and the event counts again. Keep the marks as long as the read model.',
      { received: words(`${await expiring()} expires`) },
    )
  })

  test('keeps every mark', async () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => `event-of-last-year-${n}`)
    await box.admin.sadd('points:user-42:seen', ...ids)
    for (const n of [1, 2, 3]) await call('applyOnce', () => applyOnce(box.redis, earned(n)))
    verifyEqual(
      await box.admin.scard('points:user-42:seen'),
      20_003,
      'The set had the IDs of 20,000 events, and three more were applied, so it should have 20,003. Nothing may be removed from it, no matter how long ago an event arrived: it could be delivered again tomorrow.',
    )
    verifyEqual(
      await model(),
      { balance: '30', changes: '3' },
      'The set had the IDs of 20,000 events, and the hash was empty. Three more events of 10 points each were applied, so the balance should be 30. `changes` should grow by 1 for each, no matter how many IDs are in the set.',
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'applyOnce',
      run: (redis) => applyOnce(redis, earned(1)),
      works: async (result) => {
        const { balance, changes } = await model()
        const isSeen = (await box.admin.sismember('points:user-42:seen', 'e-1')) === 1
        return result === 'applied' && balance === '10' && changes === '1' && isSeen
      },
      closes: true,
      why: '`applied` means that the balance, the number of changes, and the set were all updated, and `duplicate` means that they already had been.',
    }))

  test('reports an effect that Redis refused', async () => {
    await box.admin.hset('points:user-42', 'balance', 'many')
    const outcome = await attempt('applyOnce', () => applyOnce(box.redis, earned(1)))
    verify(
      !outcome.ok || (await model()).balance !== 'many',
      `The \`balance\` of \`user-42\` was \`many\`, to which Redis can't add 10, and \`applyOnce\` returned \`${String(outcome.ok && outcome.value)}\`. Expected it to reject with the error from Redis, because the points aren't in the balance. ${HIDDEN}`,
      { expected: words('the error from Redis'), received: outcome.ok && outcome.value },
    )
  })
})

const STREAM = 'aggregate:points:user-42'

function append(changes: Partial<Append> = {}): Append {
  return {
    stream: STREAM,
    commandId: 'cmd-1',
    expectedVersion: 0,
    events: [
      { eventType: 'POINTS_EARNED', payload: { points: 100 } },
      { eventType: 'POINTS_SPENT', payload: { points: 30 } },
    ],
    answer: 'first answer',
    ...changes,
  }
}

/** Adds `count` events of `points` points earned to the stream, as versions 1, 2, 3 … */
async function plant(count: number, points = 100, admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = 1; n <= count; n += 1) {
    pipeline.xadd(
      STREAM,
      `${n}-0`,
      ...['eventType', 'POINTS_EARNED', 'payload', `{"points":${points}}`, 'commandId', `planted-${n}`],
    )
  }
  await pipeline.exec()
}

/** The entries of the stream as `[id, fields]`, with the fields as an object and the payload decoded. */
async function log(): Promise<[string, Record<string, unknown>][]> {
  const entries = await box.admin.xrange(STREAM, '-', '+')
  return entries.map(([id, flat]) => {
    const fields: Record<string, unknown> = {}
    for (let i = 0; i < flat.length; i += 2) fields[String(flat[i])] = flat[i + 1]
    try {
      fields.payload = JSON.parse(String(fields.payload))
    } catch {
      // Stays the string that it is.
    }
    return [id, fields]
  })
}

const logIds = async () => (await log()).map(([id]) => id)
const remembered = (commandId = 'cmd-1') => box.admin.get(`command:${commandId}`)

describe('appendOnce', () => {
  test('appends the events and remembers the answer', async () => {
    const answer = await call('appendOnce', () => appendOnce(box.redis, append()))
    verifyEqual(
      await log(),
      [
        ['1-0', { eventType: 'POINTS_EARNED', payload: { points: 100 }, commandId: 'cmd-1' }],
        ['2-0', { eventType: 'POINTS_SPENT', payload: { points: 30 }, commandId: 'cmd-1' }],
      ],
      'After `appendOnce` with two events on an empty stream, the stream should contain the entries `1-0` and `2-0` with the fields `eventType`, `payload` (as JSON), and `commandId`.',
    )
    verifyEqual(
      await remembered(),
      'first answer',
      'The key `command:cmd-1` should contain the answer, so that a retry can get the same one.',
    )
    verifyEqual(answer, 'first answer', '`appendOnce` should return the answer that it stores.')
    const payload = { points: 1_234_567_890_123_456, rate: 0.1, note: 'Zoë said "yes"' }
    const events = Array.from({ length: 100 }, () => ({ eventType: 'POINTS_EARNED', payload }))
    const second = append({ commandId: 'cmd-2', expectedVersion: 2, events, answer: ' Zoë: "yes"\n' })
    const unchanged = await call('appendOnce', () => appendOnce(box.redis, second))
    const [lastId, last] = (await log()).at(-1) ?? []
    verifyEqual(
      [lastId, unchanged, await remembered('cmd-2')],
      ['102-0', second.answer, second.answer],
      '`appendOnce` with 100 events on a stream at version 2 should write all of them, up to `102-0`, and return the answer exactly as it was passed. Received: the last ID, what `appendOnce` returned, and what it stored.',
    )
    verifyEqual(
      last?.payload,
      payload,
      'The stored payload differs from the one that was passed to `appendOnce`. Encode it once, with `JSON.stringify`. In Lua, `cjson.encode` rounds numbers to 14 digits.',
    )
  })

  test('continues after the last version', async () => {
    await plant(11)
    await call('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 11 })))
    verifyEqual(
      (await logIds()).slice(-2),
      ['12-0', '13-0'],
      'The stream was at version 11, and 11 was expected, so the two events should become the entries `12-0` and `13-0`.',
    )
    await box.admin.xdel(STREAM, '3-0', '5-0')
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 13, commandId: 'cmd-2' })),
    )
    verify(
      outcome.ok,
      'The stream was at version 13, and 13 was expected, but `appendOnce` failed because two earlier entries had been deleted. The version is the number before the dash in the last ID. The number of entries (`XLEN`) differs from it as soon as one is missing.',
      { received: !outcome.ok && outcome.error },
    )
  })

  test('ignores what comes after the dash', async () => {
    await box.admin.xadd(STREAM, '7-3', 'eventType', 'CARD_RENAMED', 'payload', '{}', 'commandId', 'x')
    const outcome = await attempt('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 7 })))
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await logIds()],
      ['first answer', ['7-3', '8-0', '9-0']],
      'The last entry of the stream had the ID `7-3`, and 7 was expected, so the events should become `8-0` and `9-0`. The version is the number before the dash, whatever comes after it.',
    )
  })

  test('rejects any version but the current one', async () => {
    await plant(3)
    for (const expectedVersion of [1, 0, 7]) {
      const commandId = `cmd-${expectedVersion}`
      const error = await callError(
        'appendOnce',
        () => appendOnce(box.redis, append({ expectedVersion, commandId })),
        ConcurrencyError,
        `The stream is at version 3, but ${expectedVersion} was expected. \`appendOnce\` should throw a \`ConcurrencyError\`. ${expectedVersion > 3 ? "A version that doesn't exist yet is as wrong as an outdated one, because it would leave a gap." : 'Another client has appended since the decision was made.'}`,
      )
      verifyEqual(
        [error.stream, error.expected, error.actual],
        [STREAM, expectedVersion, 3],
        'The `ConcurrencyError` should contain the stream, the expected version, and the actual version as a number.',
      )
      verifyEqual(
        await logIds(),
        ['1-0', '2-0', '3-0'],
        '`appendOnce` threw a `ConcurrencyError` but wrote events anyway. Compare first, then write.',
      )
      verify(
        (await remembered(commandId)) === null,
        '`appendOnce` threw a `ConcurrencyError`, but it remembers the command as done. The caller will decide again and retry with the same ID, and will get the answer to something that never happened.',
        { received: await remembered(commandId) },
      )
    }
  })

  test('returns the first answer to a known command', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.connect(), append({ answer: 'second answer' })),
    )
    verify(
      outcome.ok || !(outcome.error instanceof ConcurrencyError),
      'The same command arrived a second time and got a version conflict. There was no other client: the command conflicted with its own first success. Look up the command ID before you compare versions.',
      { received: !outcome.ok && outcome.error },
    )
    const answer = await call('appendOnce', () =>
      outcome.ok ? outcome.value : Promise.reject(outcome.error),
    )
    verifyEqual(
      await logIds(),
      ['1-0', '2-0'],
      'The same command arrived a second time, and its events were written a second time.',
    )
    verifyEqual(
      answer,
      'first answer',
      'The same command arrived a second time and should get its first answer. A client that asks again wants to know what happened, not what would happen now.',
    )
    const third = await call('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 2, answer: 'third answer' })),
    )
    verifyEqual(
      [third, await logIds(), await remembered()],
      ['first answer', ['1-0', '2-0'], 'first answer'],
      "The same command arrived again, this time with the right version, and was decided again. It's already done: write nothing, keep its first answer, and return that.",
    )
  })

  test('treats two commands with the same content as two', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    await call('appendOnce', () => appendOnce(box.redis, append({ commandId: 'cmd-2', expectedVersion: 2 })))
    verifyEqual(
      await logIds(),
      ['1-0', '2-0', '3-0', '4-0'],
      'Two commands with the same content and different IDs are two commands. A user may well want the same thing twice.',
    )
    for (const [n, commandId] of ['CMD-1', 'cmd-1 ', 'shop:cmd-1', 'cmd/1 é%20'].entries()) {
      const version = 4 + 2 * n
      const outcome = await attempt('appendOnce', () =>
        appendOnce(box.redis, append({ commandId, expectedVersion: version, answer: commandId })),
      )
      verify(
        (await remembered(commandId)) === commandId || !outcome.ok || outcome.value !== commandId,
        `The answer to the command \`${JSON.stringify(commandId)}\` isn't in the key \`command:${commandId}\`. Use the command ID as it is, so that other programs find the answer too.`,
        { expected: commandId, received: await remembered(commandId) },
      )
      verifyEqual(
        [outcome.ok ? outcome.value : outcome.error, (await logIds()).length],
        [commandId, version + 2],
        `The command \`${JSON.stringify(commandId)}\` arrived after \`"cmd-1"\`, and it wasn't treated as a different command. Use the command ID as it is in the key \`command:<commandId>\`. Received: what \`appendOnce\` returned, and the number of entries.`,
      )
    }
  })

  test('remembers an answer without events', async () => {
    await plant(1)
    const refusal = append({ events: [], expectedVersion: 1, answer: 'refused' })
    const answer = await call('appendOnce', () => appendOnce(box.redis, refusal))
    verifyEqual(
      [answer, await remembered(), await logIds()],
      ['refused', 'refused', ['1-0']],
      'A refused command has no events, but it still has an answer. Remember the answer, and write nothing to the stream.',
    )
    await callError(
      'appendOnce',
      () => appendOnce(box.redis, append({ events: [], expectedVersion: 0, commandId: 'cmd-2' })),
      ConcurrencyError,
      'A refusal is a decision too, so compare the version even if there are no events to append.',
    )
  })

  test('recognizes a command whose answer is empty', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append({ answer: '' })))
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.redis, append({ answer: 'second answer' })),
    )
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await logIds()],
      ['', ['1-0', '2-0']],
      "A command was answered with an empty string and wasn't recognized when it arrived again. Check whether the key exists (`null`, or `false` in Lua), not whether its value is truthy.",
    )
  })

  test('accepts another attempt after a conflict', async () => {
    await plant(1)
    await attempt('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 0 })))
    const answer = await call('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 1, answer: 'decided again' })),
    )
    verifyEqual(
      [answer, await logIds()],
      ['decided again', ['1-0', '2-0', '3-0']],
      'After a conflict, the caller decided again and retried with the same command ID. That attempt should be treated like the first one.',
    )
  })

  test('is all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'appendOnce',
      run: (redis) => appendOnce(redis, append()),
      verify: async ({ last }) => {
        const found = { entries: await box.admin.xlen(STREAM), remembered: await remembered() }
        verify(
          found.entries !== 1,
          `The process died after ${code(last, 'the start')}, and only one of the two events was written. That's half a decision.`,
          { received: found },
        )
        verify(
          found.entries === 0 || found.remembered !== null,
          `The process died after ${code(last, 'the start')}, so the events were written, but the command wasn't remembered. The retry will mistake them for another client's events or write them again. Write both in one step.`,
          { received: found },
        )
        verify(
          found.entries > 0 || found.remembered === null,
          `The process died after ${code(last, 'the start')}, so the command is remembered as done, but its events weren't written. The retry will get an answer to something that never happened. Write both in one step.`,
          { received: found },
        )
      },
    })
  })

  test('is all or nothing with many events', async () => {
    const events = Array.from({ length: 100 }, () => ({ eventType: 'POINTS_EARNED', payload: { points: 1 } }))
    await everyCrash({
      name: 'appendOnce',
      run: (redis) => appendOnce(redis, append({ events })),
      verify: async ({ last }) => {
        const written = await box.admin.xlen(STREAM)
        verify(
          written === 0 || written === 100,
          `\`appendOnce\` had 100 events to append, the process died after ${code(last, 'the start')}, and ${written} of them were written. Append all events of a command in one step, however many there are.`,
        )
      },
    })
  })

  test('appends once when a reply is lost', async () => {
    await everyLostReply({
      name: 'appendOnce',
      run: (redis) => appendOnce(redis, append()),
      verify: async (round) => {
        const { lost } = round
        const outcome = await triedAgain('appendOnce', round.outcome, (redis) => appendOnce(redis, append()))
        const entries = await logIds()
        verifyEqual(
          entries,
          ['1-0', '2-0'],
          `The reply to ${lost} was lost, and ioredis sent the command again. The stream should contain the two events once.`,
        )
        verify(
          outcome.ok,
          `The reply to ${lost} was lost, and ioredis sent the command again. The events were written, but \`appendOnce\` failed, so the caller believes that another client was faster. Check whether it was the same command.`,
          { received: !outcome.ok && outcome.error },
        )
        verifyEqual(
          outcome.value,
          'first answer',
          `The reply to ${lost} was lost, and the command was sent again. It should still get the first answer.`,
        )
      },
    })
  })

  test('keeps one answer to a refused command that arrives twice at the same time', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      first: (redis) => appendOnce(redis, append({ events: [], answer: 'one' })),
      second: (redis) => appendOnce(redis, append({ events: [], answer: 'two' })),
      verify: async ({ first, second, after }) => {
        const answers = [first, second].map((outcome) => (outcome.ok ? outcome.value : outcome.error))
        verifyEqual(
          [answers[0] === answers[1], await box.admin.get('command:cmd-1')],
          [true, answers[1]],
          `A command without events arrived twice at the same time${after ? `, the second call right after the ${code(after, 'start')} of the first` : ''}. Both callers should get the stored answer (received: whether they got the same one, and what's stored). No version changes here, so check the key of the command again in the step that writes.`,
        )
      },
    })
  })

  test('lets only one of two commands win on one connection', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      sameConnection: true,
      first: (redis) => appendOnce(redis, append()),
      second: (redis) => appendOnce(redis, append({ commandId: 'cmd-2', answer: 'other answer' })),
      verify: async ({ first, second }) => {
        const won = [first, second].filter((outcome) => outcome.ok).length
        const authors = (await log()).map(([, fields]) => fields.commandId)
        verifyEqual(
          [won, authors.length, new Set(authors).size],
          [1, 2, 1],
          'Two parts of one program both expected version 0 on the same connection. Exactly one should get through. Received: how many got through, the number of entries, and the number of commands that wrote them.' +
            sharedWatch(box.commands),
        )
      },
    })
  })

  test('lets only one of two commands win', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      first: (redis) => appendOnce(redis, append()),
      second: (redis) => appendOnce(redis, append({ commandId: 'cmd-2', answer: 'other answer' })),
      verify: async ({ first, second, after }) => {
        const where = after
          ? ` The second call ran right after the ${code(after, 'start')} of the first.`
          : ''
        const won = [first, second].filter((outcome) => outcome.ok).length
        verify(
          won === 1,
          `Two commands both expected version 0, and ${won === 0 ? 'neither' : 'both'} got through.${where} Compare the version and append in one step.`,
          { received: { first, second } },
        )
        const authors = (await log()).map(([, fields]) => fields.commandId)
        const winner = first.ok ? 'cmd-1' : 'cmd-2'
        verifyEqual(
          authors,
          [winner, winner],
          `Two commands both expected version 0. The stream should contain only the winner's two events.${where}`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof ConcurrencyError,
          `Two commands both expected version 0. The one that lost should get a \`ConcurrencyError\`.${where}`,
          { received: loser },
        )
        verify(
          (await remembered(first.ok ? 'cmd-2' : 'cmd-1')) === null,
          `Two commands both expected version 0, and the one that lost is remembered as done.${where}`,
        )
      },
    })
  })

  test('runs a command only once when it arrives twice at the same time', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      first: (redis) => appendOnce(redis, append({ answer: 'one' })),
      second: (redis) => appendOnce(redis, append({ answer: 'two' })),
      verify: async ({ first, second, after }) => {
        const where = after
          ? ` The second call ran right after the ${code(after, 'start')} of the first.`
          : ''
        verify(
          first.ok && second.ok,
          `The same command arrived twice at the same time (a double-click), and one of the calls failed.${where} Both should get the answer to the first one.`,
          { received: [first, second].find((outcome) => !outcome.ok) },
        )
        verifyEqual(
          [await logIds(), first.value === second.value],
          [['1-0', '2-0'], true],
          `The same command arrived twice at the same time. Its events should be stored exactly once, and both callers should get the same answer.${where}`,
        )
      },
    })
  })

  test('never forgets', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    verify(
      (await expiring()) === undefined,
      'The stored answer has a time to live. If a client comes back later (a phone coming out of a tunnel, a job rerun the next morning), its command is carried out a second time.',
      { received: words(`${await expiring()} expires`) },
    )
    const trims = box.commands.find(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    verify(
      trims === undefined,
      '`appendOnce` trims the stream as it writes. The next decision is based on all of its events, so every one of them has to stay.',
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'appendOnce',
      prepare: (admin) => plant(1, 100, admin),
      run: (redis) => appendOnce(redis, append({ expectedVersion: 1 })),
      works: async () => (await logIds()).length === 3 && (await remembered()) !== null,
      closes: true,
      why: "The events and the answer weren't both stored. That isn't a duplicate, and no other writer was faster, so it isn't a conflict either.",
    }))

  test('reports an event that Redis refused', async () => {
    await plant(3)
    await box.admin.xdel(STREAM, '3-0')
    const outcome = await attempt('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 2 })))
    const written = (await log()).filter(([, fields]) => fields.commandId === 'cmd-1').length
    verify(
      !outcome.ok || written === 2,
      `The last of three entries was deleted, so Redis refuses to add another \`3-0\`, and \`appendOnce\` returned an answer, although the stream has ${written} of its two events. Expected it to reject with the error from Redis. ${HIDDEN}`,
      { expected: words('the error from Redis'), received: outcome.ok && outcome.value },
    )
  })

  test('returns every answer as it is', async () => {
    await attempt('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 7 })))
    // What the code sees when it meets a conflict. Here, it's what the caller answers.
    const seen = box.commands.map(({ reply }) => reply).filter((reply) => typeof reply === 'string')
    for (const [n, answer] of ['007', '1.50', 'null', ...seen].entries()) {
      const commandId = `answer-${n}`
      for (const attempted of ['first', 'second']) {
        const outcome = await attempt('appendOnce', () =>
          appendOnce(box.redis, append({ commandId, answer, events: [] })),
        )
        verify(
          outcome.ok && outcome.value === answer,
          `A command had the answer \`${JSON.stringify(answer)}\`, and ${attempted === 'first' ? '`appendOnce` should return it' : 'a retry should get it too'}, exactly as it is. An answer can be any string, so don't convert it, and don't signal a conflict with a string that could also be an answer.`,
          { expected: answer, received: outcome.ok ? outcome.value : outcome.error },
        )
      }
    }
  })

  test('works alongside applyOnce on one connection', async () => {
    const redis = box.connect()
    await call('applyOnce', () => applyOnce(redis, earned(1)))
    const outcome = await attempt('appendOnce', () => appendOnce(redis, append()))
    const second = await attempt('applyOnce', () => applyOnce(redis, earned(2)))
    const isStream = (await box.admin.type(STREAM)) === 'stream'
    verifyEqual(
      [
        outcome.ok ? outcome.value : outcome.error,
        isStream ? await logIds() : [],
        second.ok ? await model() : second.error,
      ],
      ['first answer', ['1-0', '2-0'], { balance: '20', changes: '2' }],
      '`applyOnce`, `appendOnce`, and `applyOnce` again were called on one connection. Each should do its own work. (Received: what `appendOnce` returned, the IDs in the stream, and the hash.) On one connection, `defineCommand` replaces an earlier command with the same name, so give each script its own.',
    )
  })
})

describe('spendPoints', () => {
  const spend = (points: number, commandId = 'cmd-1'): SpendPoints => ({
    commandId,
    userId: 'user-42',
    points,
  })

  /**
   * A client that disconnects when it's asked for the same entries a tenth time. Here, there's no other writer, so an
   * answer that runs into a conflict anyway would try forever.
   */
  function impatient(): Redis {
    const client = box.connect()
    const send = client.sendCommand.bind(client)
    const times = new Map<string, number>()
    client.sendCommand = (command, ...rest) => {
      if (/^x(rev)?(range|read)$/i.test(command.name)) {
        const read = command.args.join(' ')
        times.set(read, (times.get(read) ?? 0) + 1)
        if (times.get(read) === 10) client.disconnect()
      }
      return send(command, ...rest)
    }
    return client
  }

  test('spends available points', async () => {
    await plant(2, 50)
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    verifyEqual(
      answer,
      { accepted: true, balance: 70 },
      '100 points were earned, and 30 of them are spent. The answer should be `{ accepted: true, balance: 70 }`.',
    )
    verifyEqual(
      (await log()).slice(2),
      [['3-0', { eventType: 'POINTS_SPENT', payload: { points: 30 }, commandId: 'cmd-1' }]],
      'The stream `aggregate:points:user-42` was at version 2. It should now contain a `POINTS_SPENT` event with the payload `{"points":30}` as `3-0`.',
    )
    const all = await call('spendPoints', () => spendPoints(box.redis, spend(70, 'cmd-2')))
    verifyEqual(
      all,
      { accepted: true, balance: 0 },
      'Of 100 points, 30 were spent. The other 70 can be spent too, down to the last point.',
    )
  })

  test('refuses to spend more than there is', async () => {
    await plant(1, 100)
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(101)))
    verifyEqual(
      answer,
      { accepted: false, balance: 100 },
      "A user with 100 points can't spend 101. The answer should be `{ accepted: false, balance: 100 }`.",
    )
    verifyEqual(await logIds(), ['1-0'], 'A refused command changes nothing, so no event should be appended.')
    const nobody = await call('spendPoints', () =>
      spendPoints(box.redis, { commandId: 'cmd-9', userId: 'nobody', points: 1 }),
    )
    verifyEqual(
      nobody,
      { accepted: false, balance: 0 },
      'A user without events has no points, so the answer should be `{ accepted: false, balance: 0 }`.',
    )
    await box.admin.xadd(
      STREAM,
      '2-0',
      ...['eventType', 'POINTS_SPENT', 'payload', '{"points":120}', 'commandId', 'elsewhere'],
    )
    const below = await call('spendPoints', () => spendPoints(box.redis, spend(1, 'cmd-3')))
    verifyEqual(
      below,
      { accepted: false, balance: -20 },
      'Another program spent 120 of the 100 points, so the balance is -20. The answer should be `{ accepted: false, balance: -20 }`, because the balance is what the events add up to.',
    )
  })

  test('answers a retry like the first attempt', async () => {
    await plant(1, 100)
    await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    await call('spendPoints', () => spendPoints(box.redis, spend(50, 'cmd-2')))
    const again = await call('spendPoints', () => spendPoints(box.connect(), spend(30)))
    verifyEqual(
      await logIds(),
      ['1-0', '2-0', '3-0'],
      'The same command arrived again, and its points were spent a second time.',
    )
    verifyEqual(
      again,
      { accepted: true, balance: 70 },
      'The same command arrived again after another command. It should get its first answer: accepted, with 70 points left.',
    )
  })

  test('remembers a refusal too', async () => {
    await plant(1, 20)
    await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    await box.admin.xadd(
      STREAM,
      '2-0',
      'eventType',
      'POINTS_EARNED',
      'payload',
      '{"points":500}',
      'commandId',
      'x',
    )
    const again = await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    verifyEqual(
      [again, await logIds()],
      [{ accepted: false, balance: 20 }, ['1-0', '2-0']],
      'A command was refused, then points arrived, and then the same command was sent again. It should be refused again: the user has been told no, and may have paid another way.',
    )
    const byNobody = () => spendPoints(box.redis, { commandId: 'cmd-9', userId: 'nobody', points: 1 })
    const nobody = await call('spendPoints', byNobody)
    const arrived = ['eventType', 'POINTS_EARNED', 'payload', '{"points":50}', 'commandId', 'x']
    await box.admin.xadd('aggregate:points:nobody', '1-0', ...arrived)
    verifyEqual(
      await call('spendPoints', byNobody),
      nobody,
      'A user without events was refused, then 50 points arrived, and then the same command was sent again. It should be refused again. Remember every refusal, even one for a user who has no events yet.',
    )
  })

  test('reads the whole history, page by page', async () => {
    await plant(1_000, 1)
    const outcome = await attempt('spendPoints', () => spendPoints(impatient(), spend(950)))
    verify(
      outcome.ok,
      'A user earned 1,000 points in as many events, and `spendPoints` failed. Read all pages, not only the first one: the decision is based on the version of the last event. Here, the last page is exactly full, and a full page may be followed by an empty one.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !(outcome.value.accepted && outcome.value.balance > 50),
      'A user earned 1,000 points in as many events, and after 950 were spent, more than 50 are left. The event between two pages was counted twice, because the start of `XRANGE` is inclusive. `(<last id>` starts after it.',
      { expected: { accepted: true, balance: 50 }, received: outcome.value },
    )
    verifyEqual(
      outcome.value,
      { accepted: true, balance: 50 },
      'A user earned 1,000 points in as many events. After 950 of them are spent, 50 should be left.',
      [
        [
          ({ accepted }) => !accepted,
          'A user earned 1,000 points in as many events, so it should be possible to spend 950. Read all pages, not only the first one.',
        ],
      ],
    )
    const refused = await attempt('spendPoints', () => spendPoints(impatient(), spend(51, 'cmd-2')))
    verifyEqual(
      refused.ok ? refused.value : refused.error,
      { accepted: false, balance: 50 },
      'Of 1,000 points, 950 were spent, and that event is on the third page. A command to spend 51 more should be refused, because only 50 are left, even though the points on the first page alone would be enough. Decide after the last page, not as soon as there seem to be enough points.',
    )
    const largest = box.commands
      .filter((command) => command.name === 'XRANGE' && Array.isArray(command.reply))
      .reduce((most, command) => Math.max(most, (command.reply as unknown[]).length), 0)
    verify(
      largest <= 500,
      `\`spendPoints\` fetched ${largest} entries with one \`XRANGE\`. Read pages of at most 500: Redis builds a reply in one go, and all other clients wait in the meantime.`,
    )
  })

  test('continues after a page that changes nothing', async () => {
    const points = (n: number) => (n === 1 ? 449 : n <= 500 ? 1 : 46)
    const fields = (n: number) => ({
      eventType: n > 1 && n <= 500 ? 'POINTS_SPENT' : 'POINTS_EARNED',
      payload: `{"points":${points(n)}}`,
      commandId: `planted-${n}`,
    })
    await plantLongStream(box.admin, STREAM, {
      page: 500,
      fields,
      leftOut: (n) => ({ ...fields(n), eventType: 'CARD_RENAMED' }),
      id: (n) => `${n}-0`,
    })
    const outcome = await attempt('spendPoints', () => spendPoints(impatient(), spend(455)))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      { accepted: true, balance: 5 },
      `A user has 1,010 events. The first 500 earned 449 points and spent all of them again, the next 500 are of a type that changes nothing, and the last ten earned 46 points each. So 455 points can be spent, which leaves 5, even though the balance is 0 after the first page.${pagingFault(box.commands.filter(({ reply }) => Array.isArray(reply)))}`,
    )
  })

  test('ignores other types of events', async () => {
    await box.admin.xadd(
      STREAM,
      '1-0',
      'eventType',
      'POINTS_EARNED',
      'payload',
      '{"points":40}',
      'commandId',
      'a',
    )
    await box.admin.xadd(
      STREAM,
      '2-0',
      'eventType',
      'CARD_RENAMED',
      'payload',
      '{"points":5}',
      'commandId',
      'b',
    )
    await box.admin.xadd(
      STREAM,
      '3-0',
      'eventType',
      'POINTS_EARNED_ELSEWHERE',
      'payload',
      '{"points":7}',
      'commandId',
      'c',
    )
    await box.admin.xadd(
      STREAM,
      '4-0',
      ...['eventType', 'BONUS_POINTS_EARNED', 'payload', '{"points":9}', 'commandId', 'd'],
    )
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(40)))
    verifyEqual(
      answer,
      { accepted: true, balance: 0 },
      "Only `POINTS_EARNED` and `POINTS_SPENT` change the balance. `CARD_RENAMED` doesn't, and neither do `POINTS_EARNED_ELSEWHERE` and `BONUS_POINTS_EARNED`, whatever their payloads contain. Compare the whole name of the type.",
    )
  })

  test('takes the version from the last ID', async () => {
    await plant(4, 25)
    await box.admin.xdel(STREAM, '2-0')
    const outcome = await attempt('spendPoints', () => spendPoints(impatient(), spend(75)))
    verify(
      outcome.ok,
      'One of four entries was deleted, and `spendPoints` ran into a version conflict again and again, even though there was no other client: it counts the events it reads and uses that number as the version. The version is the number before the dash in the last ID, which is 4 here.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      outcome.value,
      { accepted: true, balance: 0 },
      'Four events earned 25 points each, and one of them was deleted. The other three are worth 75 points, and the version is 4, from the last ID. So 75 points can be spent.',
    )
  })

  test('never spends the same points twice', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(80)),
      second: (redis) => spendPoints(redis, spend(80, 'cmd-2')),
      verify: async ({ first, second, after }) => {
        const where = after
          ? ` The second call ran right after the ${code(after, 'start')} of the first.`
          : ''
        verify(
          first.ok && second.ok,
          `Two commands arrived at the same time, and one was rejected with an error.${where} A version conflict isn't an answer for a user: read again, decide again, and say yes or no.`,
          { received: [first, second].find((outcome) => !outcome.ok) },
        )
        verify(
          (await logIds()).length === 2,
          `Two commands arrived at the same time, and each spent 80 of the same 100 points.${where} The loser can't append its old decision at the new version. It has to read again and decide again.`,
          { received: { first: first.value, second: second.value } },
        )
        verifyEqual(
          [first.value, second.value].sort((a, b) => Number(b.accepted) - Number(a.accepted)),
          [
            { accepted: true, balance: 20 },
            { accepted: false, balance: 20 },
          ],
          `Two commands tried to spend 80 of 100 points at the same time. One should be accepted, with 20 points left, and the other one refused, also with a balance of 20.${where}`,
        )
      },
    })
  })

  test('accepts both commands if there are enough points', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(30)),
      second: (redis) => spendPoints(redis, spend(50, 'cmd-2')),
      verify: async ({ first, second }) => {
        verifyEqual(
          [first.ok && first.value.accepted, second.ok && second.value.accepted, (await logIds()).length],
          [true, true, 3],
          'Two commands tried to spend 30 and 50 of 100 points at the same time. There are enough points for both, so accept both, and append both events to the stream.',
        )
        const again = await call('spendPoints', () => spendPoints(box.connect(), spend(30)))
        verifyEqual(
          [first.ok && first.value, (await logIds()).length],
          [again, 3],
          "A command ran into a version conflict, was decided again, and was accepted. When it was sent once more, it wasn't recognized. Every attempt at a command has the same command ID, including a second attempt within `spendPoints`.",
        )
      },
    })
  })

  test('keeps trying among several commands', async () => {
    await plant(1, 100)
    const outcomes = await call(
      'spendPoints',
      () => Promise.allSettled([1, 2, 3, 4, 5, 6].map((n) => spendPoints(box.redis, spend(10, `cmd-${n}`)))),
      { seconds: 20 },
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    verify(
      failed === undefined,
      'Six commands of one user arrived at the same time, and `spendPoints` failed for one of them after a few version conflicts. At each conflict, another command got through, so the conflicts eventually end: read again and decide again, as often as it takes.',
      { received: failed?.reason },
    )
    verifyEqual(
      [
        outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value.accepted),
        (await logIds()).length,
      ],
      [[true, true, true, true, true, true], 7],
      'Six commands tried to spend 10 of 100 points each at the same time. All of them should be accepted, with six events in the stream.',
    )
  })

  test('keeps trying when another writer is faster each time', async () => {
    await plant(1, 100)
    const { redis, times } = withRival(box.connect(), 'POINTS_SPENT', async () => {
      const next = (await logIds()).length + 1
      for (const [i, eventType] of ['POINTS_EARNED', 'CARD_RENAMED'].entries()) {
        const fields = ['eventType', eventType, 'payload', '{"points":1}', 'commandId', `other-${next + i}`]
        await box.admin.xadd(STREAM, `${next + i}-0`, ...fields)
      }
    })
    const outcome = await attempt('spendPoints', () => spendPoints(redis, spend(60)))
    verify(
      outcome.ok,
      `Another writer was faster ${times()} times in a row, and then \`spendPoints\` gave up. Each conflict means that another command got through, so keep trying. A limit only turns away customers on a busy day.`,
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      outcome.value,
      { accepted: true, balance: 40 + times() },
      `Another writer added a point and a \`CARD_RENAMED\`, which changes nothing, ${times()} times, just before \`spendPoints\` appended. The balance in the answer should include all of the points, because the last attempt has to read and decide again.`,
    )
  })

  test('decides a refusal again, too', async () => {
    let answered = false
    await everyInterleaving({
      name: 'spendPoints',
      prepare: async (admin) => {
        answered = false
        await plant(1, 30, admin)
      },
      first: (redis) => spendPoints(redis, spend(50)),
      second: async () => {
        answered = (await box.admin.exists('command:cmd-1')) === 1
        const fields = ['eventType', 'POINTS_EARNED', 'payload', '{"points":100}', 'commandId', 'planted-2']
        await box.admin.xadd(STREAM, '2-0', ...fields)
      },
      verify: async ({ first, after, held }) => {
        if (answered) return
        verifyEqual(
          first.ok && first.value,
          { accepted: true, balance: 80 },
          `A user had 30 points and wanted to spend 50. Then 100 more came in between the ${code(after, 'start')} and the ${code(held, 'end')} of \`spendPoints\`, before it had stored its answer. A refusal needs the version check too: pass it to \`appendOnce\` without events, and after a conflict, decide again.`,
        )
      },
    })
  })

  test('runs a command only once when it arrives twice at the same time', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(30)),
      second: (redis) => spendPoints(redis, spend(30)),
      verify: async ({ first, second, after }) => {
        const where = after
          ? ` The second call ran right after the ${code(after, 'start')} of the first.`
          : ''
        verify(
          first.ok && second.ok,
          `The same command arrived twice at the same time, and one of the calls failed.${where}`,
          {
            received: [first, second].find((outcome) => !outcome.ok),
          },
        )
        verifyEqual(
          await logIds(),
          ['1-0', '2-0'],
          `The same command arrived twice at the same time (a double-click). It should append one event.${where}`,
          [
            [
              (entries) => entries.length > 2,
              `The same command arrived twice at the same time (a double-click) and was carried out twice.${where}`,
            ],
          ],
        )
        verifyEqual(
          [first.value, second.value],
          [
            { accepted: true, balance: 70 },
            { accepted: true, balance: 70 },
          ],
          `The same command arrived twice at the same time. Both callers should get the same answer: accepted, 70 points left.${where}`,
        )
      },
    })
  })

  test('spends once when a reply is lost', async () => {
    await everyLostReply({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      run: (redis) => spendPoints(redis, spend(80)),
      verify: async (round) => {
        const { lost } = round
        const outcome = await triedAgain('spendPoints', round.outcome, (redis) =>
          spendPoints(redis, spend(80)),
        )
        verifyEqual(
          [outcome.ok ? outcome.value : outcome.error, await logIds()],
          [{ accepted: true, balance: 20 }, ['1-0', '2-0']],
          `The reply to ${lost} was lost, and ioredis sent the command again. The points should be spent once, and the answer should be \`{ accepted: true, balance: 20 }\`. The retry shouldn't be refused because of the points that the command itself spent.`,
        )
      },
    })
  })

  test('can be sent again after the process died', async () => {
    await everyCrash({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      run: (redis) => spendPoints(redis, spend(80)),
      verify: async ({ last }) => {
        const again = await call('spendPoints', () => spendPoints(box.connect(), spend(80)))
        verifyEqual(
          [again, await logIds()],
          [{ accepted: true, balance: 20 }, ['1-0', '2-0']],
          `The process died after ${code(last, 'the start')}, and the client sent the command again. The points should now be spent once, and the answer should be \`{ accepted: true, balance: 20 }\`.`,
        )
      },
    })
  })

  test('passes on any error from Redis', async () => {
    const why =
      "A stream that can't be read isn't an empty stream, and only a `ConcurrencyError` is a reason to decide again."
    await passesOnWrongType('spendPoints', 'command:cmd-1', () => spendPoints(box.redis, spend(80)), why)
    await passesOnErrors({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      run: (redis) => spendPoints(redis, spend(80)),
      works: async ({ accepted, balance }) => accepted && balance === 20 && (await logIds()).length === 2,
      closes: true,
      why,
    })
  })
})
