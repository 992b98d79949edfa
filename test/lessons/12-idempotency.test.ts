/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  deliverTwice,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  pagingFault,
  plantLongStream,
  sharedWatch,
  shuffled,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Append, PointsEvent, SpendPoints } from '#lesson/12-idempotency'
import { appendOnce, applyOnce, ConcurrencyError, spendPoints } from '#lesson/12-idempotency'

const box = useSandbox()

/** The first key that expires by itself; undefined when none does. */
async function expiring(): Promise<string | undefined> {
  for (const key of await box.admin.keys('*')) {
    if ((await box.admin.pttl(key)) >= 0) return key
  }
  return undefined
}

function earned(n: number, points = 10, userId = 'user-42'): PointsEvent {
  return { eventId: `e-${n}`, eventType: 'POINTS_EARNED', userId, points }
}

const model = (userId = 'user-42') => box.admin.hgetall(`points:${userId}`)

describe('applyOnce', () => {
  test('brings an event into the read model', async () => {
    const first = await call('applyOnce', () => applyOnce(box.redis, earned(1, 50)))
    verifyEqual(
      await model(),
      { balance: '50', changes: '1' },
      'After 50 points earned, the hash `points:user-42` should hold the balance 50 and 1 change.',
    )
    verifyEqual(
      first,
      'applied',
      'applyOnce should return "applied" for an event that it sees for the first time.',
    )
    const spent: PointsEvent = { eventId: 'e-2', eventType: 'POINTS_SPENT', userId: 'user-42', points: 20 }
    await call('applyOnce', () => applyOnce(box.redis, spent))
    verifyEqual(
      await model(),
      { balance: '30', changes: '2' },
      '50 points were earned and 20 spent: the balance should be 30 after 2 changes.',
    )
    verifyEqual(
      (await box.admin.smembers('points:user-42:seen')).sort(),
      ['e-1', 'e-2'],
      'The set `points:user-42:seen` should hold the ids of both events: that is how one knows what is in the balance.',
    )
  })

  test('does nothing the second time', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1)))
    const second = await call('applyOnce', () => applyOnce(box.connect(), earned(1)))
    verifyEqual(
      await model(),
      { balance: '10', changes: '1' },
      'The same event was delivered twice, to two processes. It should count once.',
      [
        [
          ({ balance }) => balance === '20',
          'The same event was delivered twice, to two processes, and counted twice. Its `eventId` tells that it is the same; what one process remembers, the other does not know.',
        ],
      ],
    )
    verifyEqual(
      second,
      'duplicate',
      'applyOnce should return "duplicate" for an event that is in the model already.',
    )
  })

  test('counts two events that look alike', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1)))
    await call('applyOnce', () => applyOnce(box.redis, earned(2)))
    verifyEqual(
      await model(),
      { balance: '20', changes: '2' },
      'Somebody earned 10 points twice: two events with two ids, and the same content. Both should count. Two events are the same if their `eventId` is, not if they look alike.',
    )
  })

  test('knows events that came long before', async () => {
    const events = [1, 2, 3, 4, 5].map((n) => earned(n, n))
    for (const event of shuffled(deliverTwice(events), 7)) {
      await call('applyOnce', () => applyOnce(box.redis, event))
    }
    verifyEqual(
      await model(),
      { balance: '15', changes: '5' },
      'Five events were delivered twice each, in no particular order. Each should count once: remember all of them, not only the last.',
    )
  })

  test('keeps the users apart', async () => {
    await call('applyOnce', () => applyOnce(box.redis, earned(1, 10)))
    await call('applyOnce', () => applyOnce(box.redis, earned(2, 7, 'user-43')))
    verifyEqual(
      [await model(), await model('user-43')],
      [
        { balance: '10', changes: '1' },
        { balance: '7', changes: '1' },
      ],
      'Two users earned points; each should have a hash of their own, `points:<userId>`.',
    )
  })

  test('holds when the process dies', async () => {
    await everyCrash({
      name: 'applyOnce',
      run: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ last }) => {
        const half = await model()
        await call('applyOnce', () => applyOnce(box.connect(), earned(1)))
        const found = await model()
        verify(
          Number(found.balance ?? 0) >= 10,
          `The process died after ${last}: the event was marked as seen, and its effect had not happened. When it was delivered again, it was taken for a duplicate, so these points are lost for ever. Mark and effect have to be one step.`,
          { expected: { balance: '10', changes: '1' }, received: found },
        )
        verify(
          Number(found.balance) === 10,
          `The process died after ${last}: the effect had happened, and the event was not marked as seen. When it was delivered again, it counted a second time. Mark and effect have to be one step.`,
          { expected: { balance: '10', changes: '1' }, received: found },
        )
        verifyEqual(
          found,
          { balance: '10', changes: '1' },
          `The process died after ${last}, in the middle of the effect: \`balance\` and \`changes\` do not go together any more. All of it has to be one step. (It left ${JSON.stringify(half)} behind.)`,
        )
      },
    })
  })

  test('holds when two use one connection', async () => {
    await everyInterleaving({
      name: 'applyOnce',
      sameConnection: true,
      first: (redis) => applyOnce(redis, earned(1)),
      second: (redis) => applyOnce(redis, earned(2)),
      verify: async ({ first, second, after }) => {
        verify(first.ok && second.ok, 'Two events came at once on one connection, and one call failed.', {
          received: [first, second].find((outcome) => !outcome.ok),
        })
        verifyEqual(
          await model(),
          { balance: '20', changes: '2' },
          `Two parts of one program brought an event each on one connection, and the balance is not that of both${after ? `: the second came in behind the ${after} of the first` : ''}.${sharedWatch(box.commands)}`,
        )
      },
    })
  })

  test('holds when two get the event at once', async () => {
    await everyInterleaving({
      name: 'applyOnce',
      first: (redis) => applyOnce(redis, earned(1)),
      second: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ first, second, after }) => {
        verify(first.ok && second.ok, 'Two processes got the same event at once, and one of them failed.', {
          received: [first, second].find((outcome) => !outcome.ok),
        })
        verifyEqual(
          await model(),
          { balance: '10', changes: '1' },
          `Two processes got the same event at once, and it did not count exactly once${after ? `: the second came in behind the ${after} of the first` : ''}. To look whether it was there and to write it have to be one step.`,
        )
        verifyEqual(
          [first.value, second.value].sort(),
          ['applied', 'duplicate'],
          'Two processes got the same event at once: one should return "applied", the other "duplicate".',
        )
      },
    })
  })

  test('holds when a reply is lost', async () => {
    await everyLostReply({
      name: 'applyOnce',
      run: (redis) => applyOnce(redis, earned(1)),
      verify: async ({ lost, outcome }) => {
        verifyEqual(
          await model(),
          { balance: '10', changes: '1' },
          `The reply to ${lost} was lost, ioredis sent it again, and the event did not count exactly once. A script that looks at the mark can be sent twice; a transaction that does not look cannot.`,
        )
        verify(
          outcome.ok,
          `The reply to ${lost} was lost, and applyOnce failed although the event is in the model.`,
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
      'The mark has a time to live. A dead consumer’s events are claimed after minutes, a stream is replayed after months: then the mark is gone, and the event counts again. Keep the marks as long as the model.',
      { received: `${await expiring()} expires` },
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

/** Puts `count` times `points` points earned into the stream, as versions 1, 2, 3 … */
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

/** The entries of the stream as `[id, fields]`, the fields as an object, the payload decoded. */
async function log(): Promise<[string, Record<string, unknown>][]> {
  const entries = await box.admin.xrange(STREAM, '-', '+')
  return entries.map(([id, flat]) => {
    const fields: Record<string, unknown> = {}
    for (let i = 0; i < flat.length; i += 2) fields[String(flat[i])] = flat[i + 1]
    try {
      fields.payload = JSON.parse(String(fields.payload))
    } catch {
      // stays the text that it is
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
      'After appendOnce on an empty stream with two events it should hold the entries 1-0 and 2-0, with the fields eventType, payload (as JSON) and commandId.',
    )
    verifyEqual(
      await remembered(),
      'first answer',
      'The key `command:cmd-1` should hold the answer, so that a retry can be given the same.',
    )
    verifyEqual(answer, 'first answer', 'appendOnce should return the answer that is remembered.')
  })

  test('goes on behind the last version', async () => {
    await plant(11)
    await call('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 11 })))
    verifyEqual(
      (await logIds()).slice(-2),
      ['12-0', '13-0'],
      'The stream was at version 11 and 11 was expected: the two events should be the entries 12-0 and 13-0.',
    )
    await box.admin.xdel(STREAM, '3-0', '5-0')
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 13, commandId: 'cmd-2' })),
    )
    verify(
      outcome.ok,
      'The last entry is 13-0, two entries further up were deleted, 13 was expected, and appendOnce failed. The version is the number before the dash of the last id; the number of entries (XLEN) says something else as soon as one is missing.',
      { received: !outcome.ok && outcome.error },
    )
  })

  test('refuses an outdated version', async () => {
    await plant(3)
    for (const expectedVersion of [1, 0, 7]) {
      const commandId = `cmd-${expectedVersion}`
      const error = await callError(
        'appendOnce',
        () => appendOnce(box.redis, append({ expectedVersion, commandId })),
        ConcurrencyError,
        `The stream is at version 3 and ${expectedVersion} was expected; appendOnce should throw a ConcurrencyError. ${expectedVersion > 3 ? 'A version that has not been yet is as wrong as one that is past: it would leave a gap.' : 'Somebody has appended since the decision was made.'}`,
      )
      verifyEqual(
        [error.stream, error.expected, error.actual],
        [STREAM, expectedVersion, 3],
        'The ConcurrencyError should carry the stream, the version that was expected, and the actual one as a number.',
      )
      verifyEqual(
        await logIds(),
        ['1-0', '2-0', '3-0'],
        'appendOnce threw a ConcurrencyError and wrote events all the same. Compare first, then write.',
      )
      verify(
        (await remembered(commandId)) === null,
        'appendOnce threw a ConcurrencyError and remembers the command as done. It is not: the caller decides anew and tries again under the same id, and would get the answer to something that never happened.',
        { received: await remembered(commandId) },
      )
    }
  })

  test('gives a known command its first answer', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.connect(), append({ answer: 'second answer' })),
    )
    verify(
      outcome.ok || !(outcome.error instanceof ConcurrencyError),
      'The same command came a second time and was told of a version conflict. Nobody else was there: the version that is in its way is its own first success. Look for the command id before you compare versions.',
      { received: !outcome.ok && outcome.error },
    )
    const answer = await call('appendOnce', () =>
      outcome.ok ? outcome.value : Promise.reject(outcome.error),
    )
    verifyEqual(
      await logIds(),
      ['1-0', '2-0'],
      'The same command came a second time, and its events were written a second time.',
    )
    verifyEqual(
      answer,
      'first answer',
      'The same command came a second time, and should get its first answer: whoever asks again wants to know what happened, not what would happen now.',
    )
    const third = await call('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 2, answer: 'third answer' })),
    )
    verifyEqual(
      [third, await logIds(), await remembered()],
      ['first answer', ['1-0', '2-0'], 'first answer'],
      'The same command came again, this time with the right version: decided anew. It is done already; nothing should be written, and its first answer returned and kept.',
    )
  })

  test('takes two commands that look alike for two', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    await call('appendOnce', () => appendOnce(box.redis, append({ commandId: 'cmd-2', expectedVersion: 2 })))
    verifyEqual(
      await logIds(),
      ['1-0', '2-0', '3-0', '4-0'],
      'Two commands with the same content and two ids are two commands. Somebody may well want the same thing twice.',
    )
  })

  test('remembers an answer without events', async () => {
    await plant(1)
    const refusal = append({ events: [], expectedVersion: 1, answer: 'refused' })
    const answer = await call('appendOnce', () => appendOnce(box.redis, refusal))
    verifyEqual(
      [answer, await remembered(), await logIds()],
      ['refused', 'refused', ['1-0']],
      'A command that was refused has no events, and an answer all the same: remember it, write nothing into the stream.',
    )
    await callError(
      'appendOnce',
      () => appendOnce(box.redis, append({ events: [], expectedVersion: 0, commandId: 'cmd-2' })),
      ConcurrencyError,
      'A refusal is a decision too: the version should be compared, although there are no events to append.',
    )
  })

  test('knows a command whose answer is empty', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append({ answer: '' })))
    const outcome = await attempt('appendOnce', () =>
      appendOnce(box.redis, append({ answer: 'second answer' })),
    )
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await logIds()],
      ['', ['1-0', '2-0']],
      'A command was answered with the empty text, came a second time, and was not known. Ask whether there is a key (null, or false in Lua), and not whether its text counts as true.',
    )
  })

  test('can be tried again after a conflict', async () => {
    await plant(1)
    await attempt('appendOnce', () => appendOnce(box.redis, append({ expectedVersion: 0 })))
    const answer = await call('appendOnce', () =>
      appendOnce(box.redis, append({ expectedVersion: 1, answer: 'decided anew' })),
    )
    verifyEqual(
      [answer, await logIds()],
      ['decided anew', ['1-0', '2-0', '3-0']],
      'After a conflict the caller decided anew and tried again with the same command id. That should be done as if it were the first time.',
    )
  })

  test('is whole or not at all when the process dies', async () => {
    await everyCrash({
      name: 'appendOnce',
      run: (redis) => appendOnce(redis, append()),
      verify: async ({ last }) => {
        const found = { entries: await box.admin.xlen(STREAM), remembered: await remembered() }
        verify(
          found.entries !== 1,
          `The process died after ${last}, and one of the two events is written: half a decision.`,
          { received: found },
        )
        verify(
          found.entries === 0 || found.remembered !== null,
          `The process died after ${last}: the events are written, and the command is not remembered. The retry will take them for somebody else’s, or write them again. Write both in one step.`,
          { received: found },
        )
        verify(
          found.entries > 0 || found.remembered === null,
          `The process died after ${last}: the command is remembered as done, and its events are not written. The retry will get an answer to something that never happened. Write both in one step.`,
          { received: found },
        )
      },
    })
  })

  test('holds when a reply is lost', async () => {
    await everyLostReply({
      name: 'appendOnce',
      run: (redis) => appendOnce(redis, append()),
      verify: async ({ lost, outcome }) => {
        const entries = await logIds()
        verifyEqual(
          entries,
          ['1-0', '2-0'],
          `The reply to ${lost} was lost and ioredis sent it again: the stream should hold the two events once.`,
        )
        verify(
          outcome.ok,
          `The reply to ${lost} was lost and ioredis sent it again. The events are written, and appendOnce failed: the caller believes that somebody else was faster. Look whether it was the command itself.`,
          { received: !outcome.ok && outcome.error },
        )
        verifyEqual(
          outcome.value,
          'first answer',
          `The reply to ${lost} was lost; the answer should be the first.`,
        )
      },
    })
  })

  test('lets one of two commands win on one connection', async () => {
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
          'Two parts of one program expected version 0 at once, on one connection, and not exactly one got through. Received are how many got through, the number of entries, and of how many commands they are.' +
            sharedWatch(box.commands),
        )
      },
    })
  })

  test('lets one of two commands win', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      first: (redis) => appendOnce(redis, append()),
      second: (redis) => appendOnce(redis, append({ commandId: 'cmd-2', answer: 'other answer' })),
      verify: async ({ first, second, after }) => {
        const where = after ? ` The second came in behind the ${after} of the first.` : ''
        const won = [first, second].filter((outcome) => outcome.ok).length
        verify(
          won === 1,
          `Two commands expected version 0 at once, and ${won === 0 ? 'neither' : 'both'} got through.${where} To compare and to append have to be one step.`,
          { received: { first, second } },
        )
        const authors = (await log()).map(([, fields]) => fields.commandId)
        const winner = first.ok ? 'cmd-1' : 'cmd-2'
        verifyEqual(
          authors,
          [winner, winner],
          `Two commands expected version 0 at once; the stream should hold the two events of the winner only.${where}`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof ConcurrencyError,
          `Two commands expected version 0 at once; the loser should get a ConcurrencyError.${where}`,
          { received: loser },
        )
        verify(
          (await remembered(first.ok ? 'cmd-2' : 'cmd-1')) === null,
          `Two commands expected version 0 at once; the one that lost is remembered as done.${where}`,
        )
      },
    })
  })

  test('does a command once that comes twice at once', async () => {
    await everyInterleaving({
      name: 'appendOnce',
      first: (redis) => appendOnce(redis, append({ answer: 'one' })),
      second: (redis) => appendOnce(redis, append({ answer: 'two' })),
      verify: async ({ first, second, after }) => {
        const where = after ? ` The second came in behind the ${after} of the first.` : ''
        verify(
          first.ok && second.ok,
          `The same command came twice at once (a double click), and one of the two failed.${where} Both should get the answer of whichever was first.`,
          { received: [first, second].find((outcome) => !outcome.ok) },
        )
        verifyEqual(
          [await logIds(), first.value === second.value],
          [['1-0', '2-0'], true],
          `The same command came twice at once. Its events should be there once, and both callers get the same answer.${where}`,
        )
      },
    })
  })

  test('never forgets', async () => {
    await call('appendOnce', () => appendOnce(box.redis, append()))
    verify(
      (await expiring()) === undefined,
      'The remembered answer has a time to live. A client that comes back after that (a phone out of a tunnel, a job after a night) would have its command done a second time.',
      { received: `${await expiring()} expires` },
    )
  })
})

describe('spendPoints', () => {
  const spend = (points: number, commandId = 'cmd-1'): SpendPoints => ({
    commandId,
    userId: 'user-42',
    points,
  })

  test('spends what is there', async () => {
    await plant(2, 50)
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    verifyEqual(
      answer,
      { accepted: true, balance: 70 },
      'Twice 50 points were earned; 30 can be spent, and the answer should be { accepted: true, balance: 70 }.',
    )
    verifyEqual(
      (await log()).slice(2),
      [['3-0', { eventType: 'POINTS_SPENT', payload: { points: 30 }, commandId: 'cmd-1' }]],
      'The stream `aggregate:points:user-42` was at version 2; a POINTS_SPENT with the payload {"points":30} should stand there as 3-0.',
    )
    const all = await call('spendPoints', () => spendPoints(box.redis, spend(70, 'cmd-2')))
    verifyEqual(
      all,
      { accepted: true, balance: 0 },
      '100 points were earned and 30 spent: the other 70 can be spent to the last.',
    )
  })

  test('refuses to spend what is not there', async () => {
    await plant(1, 100)
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(101)))
    verifyEqual(
      answer,
      { accepted: false, balance: 100 },
      'With 100 points nobody can spend 101: the answer should be { accepted: false, balance: 100 }.',
    )
    verifyEqual(await logIds(), ['1-0'], 'A refused command changes nothing; no event should be appended.')
    const nobody = await call('spendPoints', () =>
      spendPoints(box.redis, { commandId: 'cmd-9', userId: 'nobody', points: 1 }),
    )
    verifyEqual(nobody, { accepted: false, balance: 0 }, 'Whoever has no events has no points.')
  })

  test('answers a retry as it did the first time', async () => {
    await plant(1, 100)
    await call('spendPoints', () => spendPoints(box.redis, spend(30)))
    await call('spendPoints', () => spendPoints(box.redis, spend(50, 'cmd-2')))
    const again = await call('spendPoints', () => spendPoints(box.connect(), spend(30)))
    verifyEqual(
      await logIds(),
      ['1-0', '2-0', '3-0'],
      'The same command came again, and its points were spent a second time.',
    )
    verifyEqual(
      again,
      { accepted: true, balance: 70 },
      'The same command came again, after another had been done in between. It should get its first answer: it was accepted, and left a balance of 70.',
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
      'A command was refused; then points came in, and the same command was sent again. It should be refused as the first time: the user has been told no, and perhaps paid in another way.',
    )
  })

  test('reads the whole history, page by page', async () => {
    await plant(1_100, 1)
    const outcome = await attempt('spendPoints', () => spendPoints(box.redis, spend(1_050)))
    verify(
      outcome.ok,
      '1,100 points were earned in as many events, and spendPoints failed. Read all pages, not the first alone: the version on which one decides is that of the last event.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !(outcome.value.balance > 50),
      '1,100 points were earned in as many events, and after 1,050 were spent more than 50 are left: an event at the border of two pages was counted twice. The start of XRANGE is inclusive; `(<last id>` begins behind it.',
      { expected: { accepted: true, balance: 50 }, received: outcome.value },
    )
    verifyEqual(
      outcome.value,
      { accepted: true, balance: 50 },
      '1,100 points were earned in as many events. 1,050 of them can be spent, and 50 are left.',
      [
        [
          ({ accepted }) => !accepted,
          '1,100 points were earned in as many events. 1,050 can be spent: read all pages, not the first alone.',
        ],
      ],
    )
    const largest = box.commands
      .filter((command) => command.name === 'XRANGE' && Array.isArray(command.reply))
      .reduce((most, command) => Math.max(most, (command.reply as unknown[]).length), 0)
    verify(
      largest <= 500,
      `spendPoints fetched ${largest} entries by one XRANGE. Read in pages of at most 500: a reply is built in one go, and everybody else waits.`,
    )
  })

  test('goes on after a page that changes nothing', async () => {
    const fields = (n: number) => ({
      eventType: 'POINTS_EARNED',
      payload: '{"points":1}',
      commandId: `planted-${n}`,
    })
    await plantLongStream(box.admin, STREAM, {
      page: 500,
      fields,
      leftOut: (n) => ({ ...fields(n), eventType: 'CARD_RENAMED' }),
      id: (n) => `${n}-0`,
    })
    const outcome = await attempt('spendPoints', () => spendPoints(box.redis, spend(455)))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      { accepted: true, balance: 5 },
      `460 of 1,010 events earned a point each; the others, one in ten of the first 500 and all of the next 500, are of a type that changes nothing. 455 points can be spent, and 5 are left.${pagingFault(box.commands)}`,
    )
  })

  test('does not mind what it does not know', async () => {
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
    const answer = await call('spendPoints', () => spendPoints(box.redis, spend(40)))
    verifyEqual(
      answer,
      { accepted: true, balance: 0 },
      'Only POINTS_EARNED and POINTS_SPENT change the balance; CARD_RENAMED does not, nor does POINTS_EARNED_ELSEWHERE, whatever is in their payloads. Take types by their whole name.',
    )
  })

  test('takes the version from the last id', async () => {
    await plant(4, 25)
    await box.admin.xdel(STREAM, '2-0')
    let outcome: Awaited<ReturnType<typeof attempt<unknown>>> | undefined
    try {
      outcome = await attempt('spendPoints', () => spendPoints(box.redis, spend(75)))
    } finally {
      const asked = box.commands.filter(({ name }) => name === 'XRANGE' || name === 'XREAD').length
      verify(
        outcome?.ok === true || asked < 10,
        'One of four entries was deleted, and spendPoints met a version conflict again and again, with nobody else there: it counts the events that it reads. The version is the number before the dash of the last id, here 4.',
      )
    }
    verifyEqual(
      outcome?.ok === true ? outcome.value : outcome?.error,
      { accepted: true, balance: 0 },
      'One of four entries of 25 points was deleted; three are left, and the version is 4, from the last id. 75 points can be spent.',
    )
  })

  test('does not spend the same points twice', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(80)),
      second: (redis) => spendPoints(redis, spend(80, 'cmd-2')),
      verify: async ({ first, second, after }) => {
        const where = after ? ` The second came in behind the ${after} of the first.` : ''
        verify(
          first.ok && second.ok,
          `Two commands came at once, and one was thrown out with an error.${where} A version conflict is no answer to a user: read again, decide anew, and say yes or no.`,
          { received: [first, second].find((outcome) => !outcome.ok) },
        )
        verify(
          (await logIds()).length === 2,
          `Of 100 points two commands at once spent 80 each.${where} The loser must not append its old decision at the new version: it has to read again and decide anew.`,
          { received: { first: first.value, second: second.value } },
        )
        verifyEqual(
          [first.value, second.value].sort((a, b) => Number(b.accepted) - Number(a.accepted)),
          [
            { accepted: true, balance: 20 },
            { accepted: false, balance: 20 },
          ],
          `Two commands wanted 80 of 100 points at once. One should be accepted with 20 left, the other refused with 20.${where}`,
        )
      },
    })
  })

  test('spends for both when there is enough', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(30)),
      second: (redis) => spendPoints(redis, spend(50, 'cmd-2')),
      verify: async ({ first, second }) => {
        verifyEqual(
          [first.ok && first.value.accepted, second.ok && second.value.accepted, (await logIds()).length],
          [true, true, 3],
          'Two commands wanted 30 and 50 of 100 points at once. There is enough for both: both should be accepted, and both events stand in the stream.',
        )
        const again = await call('spendPoints', () => spendPoints(box.connect(), spend(30)))
        verifyEqual(
          [first.ok && first.value, (await logIds()).length],
          [again, 3],
          'A command met a version conflict, was decided anew and accepted. Then it was sent once more, and was not known. Every try of a command has the same command id, also the second within spendPoints.',
        )
      },
    })
  })

  test('does not give up among several', async () => {
    await plant(1, 100)
    const outcomes = await call(
      'spendPoints',
      () => Promise.allSettled([1, 2, 3, 4, 5, 6].map((n) => spendPoints(box.redis, spend(10, `cmd-${n}`)))),
      { seconds: 20 },
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    verify(
      failed === undefined,
      'Six commands of one user came at the same time, and spendPoints failed with one of them after a few version conflicts. At each of them somebody has got through, so it comes to an end by itself: read again and decide anew, as often as it takes.',
      { received: failed?.reason },
    )
    verifyEqual(
      [
        outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value.accepted),
        (await logIds()).length,
      ],
      [[true, true, true, true, true, true], 7],
      'Six commands wanted 10 of 100 points each, at the same time. All should be accepted, and all six events stand in the stream.',
    )
  })

  test('does a command once that comes twice at once', async () => {
    await everyInterleaving({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      first: (redis) => spendPoints(redis, spend(30)),
      second: (redis) => spendPoints(redis, spend(30)),
      verify: async ({ first, second, after }) => {
        const where = after ? ` The second came in behind the ${after} of the first.` : ''
        verify(
          first.ok && second.ok,
          `The same command came twice at once, and one of the two failed.${where}`,
          {
            received: [first, second].find((outcome) => !outcome.ok),
          },
        )
        verifyEqual(
          await logIds(),
          ['1-0', '2-0'],
          `The same command came twice at once (a double click). One event should come of it.${where}`,
          [
            [
              (entries) => entries.length > 2,
              `The same command came twice at once (a double click), and was done twice.${where}`,
            ],
          ],
        )
        verifyEqual(
          [first.value, second.value],
          [
            { accepted: true, balance: 70 },
            { accepted: true, balance: 70 },
          ],
          `The same command came twice at once. Both callers should get the one answer: accepted, 70 left.${where}`,
        )
      },
    })
  })

  test('holds when a reply is lost', async () => {
    await everyLostReply({
      name: 'spendPoints',
      prepare: (admin) => plant(1, 100, admin),
      run: (redis) => spendPoints(redis, spend(80)),
      verify: async ({ lost, outcome }) => {
        verifyEqual(
          [outcome.ok ? outcome.value : outcome.error, await logIds()],
          [{ accepted: true, balance: 20 }, ['1-0', '2-0']],
          `The reply to ${lost} was lost and ioredis sent it again. The points should be spent once, and the answer be { accepted: true, balance: 20 }, not a refusal for want of the points that the command itself has spent.`,
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
          `The process died after ${last}, and the client sent the command again. The points should be spent once by now, and the answer be { accepted: true, balance: 20 }.`,
        )
      },
    })
  })
})
