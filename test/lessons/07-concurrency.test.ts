/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  type Outcome,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { StoredEvent } from '#lesson/07-concurrency'
import {
  AggregateEventStore,
  ConcurrencyError,
  decideAndAppend,
  InvalidVersionError,
} from '#lesson/07-concurrency'

const box = useSandbox()

type DomainEvent = StoredEvent['event']

const KEY = 'aggregate:account:acc-1'

/** The n-th event of a test; credits count up, debits down. */
function event(n: number, eventType = 'ACCOUNT_CREDITED', cents = 10_000): DomainEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: '2026-03-01T09:00:00.000Z',
    eventType,
    entityId: 'acc-1',
    payload: { n, cents },
    metadata: { userId: 'clerk-1' },
  }
}

const debit = (n: number) => event(n, 'ACCOUNT_DEBITED', 8_000)

/** Puts events number `from` to `to` into the account as other programs left them. */
async function plant(from: number, to: number, key = KEY): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = from; n <= to; n += 1) pipeline.xadd(key, `${n}-0`, 'event', JSON.stringify(event(n)))
  await pipeline.exec()
}

async function entries(key = KEY): Promise<{ id: string; event: unknown }[]> {
  const all = await box.admin.xrange(key, '-', '+')
  return all.map(([id, fields]) => ({ id, event: parsed(fields[fields.indexOf('event') + 1]) }))
}

/** The `n` of every event that is stored, in order. */
async function stored(key = KEY): Promise<unknown[]> {
  return (await entries(key)).map((entry) => (entry.event as Partial<DomainEvent> | undefined)?.payload?.n)
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return text
  }
}

const append = (n: number, expectedVersion: number, id = 'acc-1') =>
  new AggregateEventStore(box.redis).appendEvent('account', id, event(n), expectedVersion)
const appended = (n: number, expectedVersion: number, id = 'acc-1') =>
  call('appendEvent', () => append(n, expectedVersion, id))

async function refused(
  name: string,
  run: () => unknown,
  versions: { readonly expected: number; readonly actual: number },
  diagnosis: string,
): Promise<void> {
  const error = await callError(name, run, ConcurrencyError, diagnosis)
  verifyEqual(
    { expectedVersion: error.expectedVersion, actualVersion: error.actualVersion },
    { expectedVersion: versions.expected, actualVersion: versions.actual },
    'The ConcurrencyError should carry the version that was expected and the one that the aggregate really has: who reads the log wants to know how far apart they were.',
  )
  verify(error.name === 'ConcurrencyError', 'The error’s `name` should be "ConcurrencyError".', {
    received: error.name,
  })
}

/** True if a transaction was refused, and nobody minded when both writers have succeeded. */
const refusedInSilence = () => box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
const SILENCE =
  'Two writers expected version 1, and both calls succeeded, although only one event was written: EXEC replied (nil) to the slower one. That is how a WATCH says "somebody was faster, nothing was written". Look at what `exec()` gives, and reject with a ConcurrencyError or look again.'

/** Of two writers that both expected version 1, one must have won. `held` and `after` tell where the second came in. */
function exactlyOneWon(
  { first, second }: { readonly first: Outcome<unknown>; readonly second: Outcome<unknown> },
  whenBoth: string,
  whenOther = 'Of two writers with the same expected version one was refused, but not with a ConcurrencyError. The caller has to tell "somebody was faster" from all other trouble.',
): void {
  verify(!(first.ok && second.ok), refusedInSilence() ? SILENCE : whenBoth, {
    received: 'both calls succeeded',
  })
  verify(
    first.ok || second.ok,
    'Two writers expected the same version, and both were refused. The one that came first should succeed: otherwise nobody ever gets on.',
    { received: !first.ok && first.error },
  )
  const failure = first.ok ? second : first
  const error = failure.ok ? undefined : failure.error
  verify(error instanceof ConcurrencyError, whenOther, { expected: 'ConcurrencyError', received: error })
  verifyEqual(
    [error.expectedVersion, error.actualVersion],
    [1, 2],
    'The ConcurrencyError of the slower writer should say that it expected version 1 and that the aggregate is at version 2.',
  )
}

describe('appendEvent', () => {
  test('appends to the stream of the aggregate', async () => {
    const outcome = await attempt('appendEvent', () => append(1, 0))
    verify(
      outcome.ok || !(outcome.error instanceof InvalidVersionError),
      'appendEvent refused version 0. That is the version of an aggregate that does not exist yet, and the first event of each is appended with it. `!version` and `||` take 0 for nothing.',
      { received: !outcome.ok && outcome.error },
    )
    const conflict = !outcome.ok && outcome.error instanceof ConcurrencyError ? outcome.error : undefined
    verify(
      conflict === undefined || String(conflict.actualVersion) !== '0',
      "The account is at version 0, as expected, but appendEvent called that a conflict. In Lua everything in ARGV is a string, and '0' ~= 0 is always true, so compare with tonumber(ARGV[1]).",
      { received: conflict },
    )
    const version = await call('appendEvent', () => {
      if (outcome.ok) return outcome.value
      throw outcome.error
    })
    const all = await entries()
    verify(
      all.length === 1,
      'After appendEvent on a new account the stream `aggregate:account:acc-1` should hold one entry.',
      { received: all },
    )
    verifyEqual(
      all[0]?.event,
      event(1),
      'The entry should have a field `event` with the whole event as encodeEvent writes it.',
    )
    verifyEqual(
      (await box.admin.xrange(KEY, '-', '+'))[0]?.[1].length,
      2,
      'The entry should have one field, `event`, and its text. The version stands in the id, and all else in the event.',
    )
    verifyEqual(version, 1, 'appendEvent should resolve to the new version: the first event makes it 1.')
    const second = await attempt('appendEvent', () => append(2, 1))
    verify(
      second.ok || all[0]?.id === '1-0',
      `The first event got ${/^\d{10,}/.test(all[0]?.id ?? '') ? 'an id from the clock' : `the id \`${all[0]?.id}\``}, and then appendEvent did not find the aggregate at version 1. The entry of version n has the id \`n-0\`, so that the version can be read off the last id.`,
      { expected: '1-0', received: second.ok || second.error },
    )
    verifyEqual(
      await call('appendEvent', () => {
        if (second.ok) return second.value
        throw second.error
      }),
      2,
      'The second event should bring the aggregate to version 2.',
    )
    verifyEqual(
      await appended(1, 0, 'acc-2'),
      1,
      'Each aggregate counts for itself: the first event of another account makes it version 1, too.',
    )
  })

  test('refuses an outdated version', async () => {
    await plant(1, 5)
    await refused(
      'appendEvent',
      () => append(6, 3),
      { expected: 3, actual: 5 },
      'The account is at version 5, and an event that was decided on version 3 should be refused with a ConcurrencyError: events 4 and 5 may have changed everything.',
    )
    await refused(
      'appendEvent',
      () => append(6, 0),
      { expected: 0, actual: 5 },
      'Version 0 means "there is no such account yet". It exists, so a ConcurrencyError is due.',
    )
    verifyEqual(await stored(), [1, 2, 3, 4, 5], 'A refused append must leave the stream as it was.')
  })

  test('lets one of two writers win', async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', debit(2), 1),
      second: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', debit(3), 1),
      verify: async (round) => {
        exactlyOneWon(
          round,
          `Both writers expected version 1, and both succeeded: the second came between the ${round.after ?? 'start'} and the ${round.held ?? 'end'} of the first. Look and write must be one step to Redis: a script, or an id that can be taken only once.`,
        )
        verifyEqual(
          (await stored()).length,
          2,
          'One writer won, but the stream does not hold exactly its event behind the first one.',
        )
      },
    })
  })

  test('lets one of two writers win on one connection', async () => {
    let watched = false
    await everyInterleaving({
      name: 'appendEvent',
      sameConnection: true,
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', debit(2), 1),
      second: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', debit(3), 1),
      verify: (round) => {
        watched ||= box.commands.some(({ name }) => name === 'WATCH')
        exactlyOneWon(
          round,
          watched
            ? 'Two writers on one connection expected version 1, and both succeeded. WATCH belongs to a connection: the EXEC of one writer ended the watch of the other. Watch on a `redis.duplicate()` of your own, or take a script.'
            : 'Two writers on one connection expected version 1, and both succeeded. Look and write must be one step to Redis.',
          watched
            ? 'Two writers on one connection expected version 1. The slower one was refused, but not with a ConcurrencyError: WATCH belongs to a connection, the EXEC of one writer ended the watch of the other, and only Redis itself still refused the id. Watch on a `redis.duplicate()` of your own, or take a script.'
            : undefined,
        )
      },
    })
  })

  test('takes the version as the id', async () => {
    await appended(1, 0)
    await appended(2, 1)
    verifyEqual(
      (await entries()).map(({ id }) => id),
      ['1-0', '2-0'],
      'The entry of version n should have the id `n-0`. An id from the clock says nothing about the version, and counting entries fails as soon as old ones are trimmed.',
    )
  })

  test('leaves no gap', async () => {
    await plant(1, 1)
    await refused(
      'appendEvent',
      () => append(2, 5),
      { expected: 5, actual: 1 },
      'The account is at version 1, and an append that expected version 5 went through. Redis only wants ids to grow, it does not mind a gap: compare the version as well.',
    )
    await refused(
      'appendEvent',
      () => append(2, 1, 'acc-9'),
      { expected: 1, actual: 0 },
      'An account that does not exist is at version 0. An append that expected version 1 of it should be refused with a ConcurrencyError.',
    )
    verifyEqual(await stored(), [1], 'A refused append must leave the stream as it was.')
  })

  test('counts on when old entries are gone', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    const outcome = await attempt('appendEvent', () => append(6, 5))
    verify(
      outcome.ok && outcome.value === 6,
      'Of five events the three oldest were trimmed away; the account is still at version 5. The length of the stream is not the version: read it off the last id.',
      { expected: 6, received: outcome.ok ? outcome.value : outcome.error },
    )
    await refused(
      'appendEvent',
      () => append(7, 3),
      { expected: 3, actual: 6 },
      'After old entries were trimmed away, an append with a version long outdated went through.',
    )
  })

  test('takes no trim for a conflict', async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 2),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(3), 2),
      second: (redis) => redis.xtrim(KEY, 'MAXLEN', 1),
      verify: ({ first, after, held }) => {
        verify(
          first.ok && first.value === 3,
          `An old entry was trimmed away between the ${after ?? 'start'} and the ${held ?? 'end'} of appendEvent. The account was still at version 2, as expected, but the event wasn't appended. EXEC replies (nil) whenever a watched key has changed, even if the version hasn't: look at the version again, and try again if it's the same.`,
          { expected: 3, received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test('keeps all that is there', async () => {
    await plant(1, 1_500)
    verifyEqual(await appended(1_501, 1_500), 1_501, 'The event after version 1500 makes version 1501.')
    const [length, ttl] = [await box.admin.xlen(KEY), await box.admin.ttl(KEY)]
    // A limit that this stream has not reached yet drops its events some day, too.
    const trims = box.commands.some(
      ({ name, args }) => /^X(ADD|TRIM)$/i.test(name) && args.some((arg) => /^(MAXLEN|MINID)$/i.test(arg)),
    )
    verify(
      length === 1_501 && ttl === -1 && !trims,
      'An append should add one entry and change nothing else. The events are the truth itself: no MAXLEN that throws old ones away, no EXPIRE that throws away all of them some day.',
      {
        expected: '1501 entries, no end',
        received: `${length} entries, ${ttl < 0 ? 'no end' : 'an EXPIRE'}`,
      },
    )
  })

  test('looks every time', async () => {
    const store = new AggregateEventStore(box.redis)
    await call('appendEvent', () => store.appendEvent('account', 'acc-1', event(1), 0))
    await plant(2, 3)
    const outcome = await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', event(4), 3))
    verify(
      outcome.ok && outcome.value === 4,
      'A store had appended event 1, another program appended 2 and 3, and then the same store was to append behind version 3. That should succeed: ask Redis for the version each time, what the store remembers is out of date.',
      { expected: 4, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('counts past nine', async () => {
    await plant(1, 9)
    verifyEqual(await appended(10, 9), 10, 'The event after version 9 makes version 10.')
    verifyEqual(
      await appended(11, 10),
      11,
      'The event after version 10 makes version 11. Versions are numbers: as texts, "9" is greater than "10".',
    )
  })

  for (const [version, shown] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['1', 'the text "1"'],
  ] as const) {
    test(`takes no ${shown} for a version`, async () => {
      await plant(1, 1)
      for (const id of ['acc-1', 'acc-2']) {
        const error = await callError(
          'appendEvent',
          () => append(2, version as number, id),
          InvalidVersionError,
          `appendEvent was called with ${shown} as the expected version and did not refuse it with an InvalidVersionError. ${
            version === undefined
              ? 'A forgotten argument then switches the whole check off, and nobody is told.'
              : 'That is a mistake in the caller’s code, no conflict, and certainly no version.'
          }`,
        )
        verify(
          Object.is(error.version, version),
          'The InvalidVersionError should carry what was given, as `version`.',
          { expected: version, received: error.version },
        )
        verifyEqual(
          (await stored(`aggregate:account:${id}`)).length,
          id === 'acc-1' ? 1 : 0,
          'appendEvent refused the version, but something had been written already.',
        )
      }
    })
  }

  test('does not call every trouble a conflict', async () => {
    await box.admin.set(KEY, 'no stream')
    const error = await callError(
      'appendEvent',
      () => append(1, 0),
      Error,
      'The key holds a text and no stream, and appendEvent did not fail.',
    )
    verify(
      !(error instanceof ConcurrencyError),
      'The key holds a text and no stream, and appendEvent called that a conflict. The caller would read and try again, for ever and in vain. Let other errors through as they are.',
      { received: error },
    )
  })

  test.skipIf(lacks('own-server'))('lets any error of Redis through', async () => {
    const server = await box.startServer({ args: ['--min-replicas-to-write', '1'] })
    const error = await callError(
      'appendEvent',
      () => new AggregateEventStore(server.connect()).appendEvent('account', 'acc-1', event(1), 0),
      Error,
      'Redis refused to write because it had no replica (NOREPLICAS), but appendEvent resolved as if the event were stored. Let every error of Redis through.',
    )
    verify(
      /NOREPLICAS|EXECABORT/.test(error.message),
      'Redis refused to write because it had no replica (NOREPLICAS), and appendEvent threw an error that hides that. Nobody was faster, so it is no conflict: throw the error of Redis as it is.',
      { expected: 'the error of Redis', received: error },
    )
  })

  test('does not call an error of its write a conflict', async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(2), 1),
      second: (redis) => redis.set(KEY, 'no stream'),
      verify: ({ first, held, after }) => {
        if (held === undefined || (held === 'UNWATCH' && first.ok)) return
        verify(
          first.ok || !(first.error instanceof ConcurrencyError),
          `Between the ${after ?? 'start'} and the ${held} the key became a text. Redis then refused to append, with WRONGTYPE, and appendEvent called that a conflict: the caller would read and try again, in vain. Only the reply that the version is taken is a conflict; let every other error through.`,
          { received: first.ok || first.error },
        )
      },
    })
  })

  test('does not store what JSON would spoil', async () => {
    const spoilt = { ...event(1), payload: { at: new Date(0) } } as unknown as DomainEvent
    const store = new AggregateEventStore(box.redis)
    const error = await callError(
      'appendEvent',
      () => store.appendEvent('account', 'acc-1', spoilt, 0),
      Error,
      'appendEvent stored an event with a Date in its payload. Make the text with encodeEvent of lesson 01, which refuses that.',
    )
    verifyEqual(
      [error.name, await stored()],
      ['MalformedEventError', []],
      'An event that encodeEvent refuses should be refused with that MalformedEventError, and nothing be written.',
    )
  })

  test('stores the text as it is', async () => {
    const payload = {
      tags: [],
      cents: 123_456_789_012_345,
      share: 0.1,
      note: 'Ünïcode "quoted", 20 €',
      more: {},
    }
    await call('appendEvent', () =>
      new AggregateEventStore(box.redis).appendEvent('account', 'acc-1', { ...event(1), payload }, 0),
    )
    verifyEqual(
      (await entries())[0]?.event,
      { ...event(1), payload },
      'What was stored is not the event that was given. Store the text that encodeEvent makes, untouched: decoded and encoded again in Lua, `[]` becomes `{}` and a long number loses its last digits.',
    )
  })

  test('closes what it opens', async () => {
    const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they do at home
    const spoilt = { ...event(3), payload: { at: new Date(0) } } as unknown as DomainEvent
    const store = new AggregateEventStore(redis)
    for (const [what, one, expectedVersion] of [
      ['an append that succeeded', event(1), 0],
      ['an append that was refused with a ConcurrencyError', event(2), 0],
      ['an append of an event that encodeEvent refuses', spoilt, 1],
      ['an append with a version that is none', event(2), Number.NaN],
    ] as const) {
      await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', one, expectedVersion))
      verifyEqual(
        await connectionsStillOpen(),
        0,
        `After ${what} a connection is still open that was not there before. One more with each append, and Redis soon accepts no more of them: close what you open, in a \`finally\`.`,
      )
    }
  })

  test('leaves the connection to its owner', async () => {
    await appended(1, 0)
    const outcome = await attempt('a GET after appendEvent', () => box.redis.get('anything'))
    verify(
      outcome.ok && outcome.value === null,
      'After appendEvent the connection that was handed in can no longer be used. It belongs to the caller: close only what you opened.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })
})

describe('appendEvents', () => {
  const appendAll = (numbers: readonly number[], expectedVersion: number) =>
    new AggregateEventStore(box.redis).appendEvents(
      'account',
      'acc-1',
      numbers.map((n) => event(n)),
      expectedVersion,
    )

  test('gives each event the next version', async () => {
    await plant(1, 1)
    const version = await call('appendEvents', () => appendAll([2, 3, 4], 1))
    verifyEqual(
      await entries(),
      [1, 2, 3, 4].map((n) => ({ id: `${n}-0`, event: event(n) })),
      'Three events appended to version 1 should become 2-0, 3-0 and 4-0, in their order.',
    )
    verifyEqual(version, 4, 'appendEvents should resolve to the version of its last event, not of its first.')
  })

  test('writes none of an outdated batch', async () => {
    await plant(1, 2)
    const outcome = await attempt('appendEvents', () => appendAll([12, 13], 1))
    verifyEqual(
      await stored(),
      [1, 2],
      'A batch of two was decided on version 1, but the account is at version 2. Part of the batch was written all the same: `2-0` was taken, `3-0` was free, and MULTI undoes nothing. Compare the version first, then write all.',
    )
    await refused(
      'appendEvents',
      () => {
        if (outcome.ok) return outcome.value
        throw outcome.error
      },
      { expected: 1, actual: 2 },
      'A batch that was decided on version 1 should be refused with a ConcurrencyError when the account is at version 2.',
    )
  })

  test('writes none of a batch from the future', async () => {
    await plant(1, 1)
    await refused(
      'appendEvents',
      () => appendAll([6, 7], 5),
      { expected: 5, actual: 1 },
      'A batch that expected version 5 of an account at version 1 should be refused with a ConcurrencyError.',
    )
    verifyEqual(await stored(), [1], 'A refused batch must leave the stream as it was.')
  })

  for (const [who, firstBatch, secondBatch] of [
    ['a batch', [2, 3], [12]],
    ['a single event', [2], [12, 13]],
  ] as const) {
    test(`keeps together while others write, ${who} first`, async () => {
      const batch = (redis: typeof box.redis, numbers: readonly number[]) =>
        new AggregateEventStore(redis).appendEvents(
          'account',
          'acc-1',
          numbers.map((n) => event(n)),
          1,
        )
      await everyInterleaving({
        name: 'appendEvents',
        prepare: () => plant(1, 1),
        first: (redis) => batch(redis, firstBatch),
        second: (redis) => batch(redis, secondBatch),
        verify: async ({ first, second, held, after }) => {
          const found = await stored()
          const winner = first.ok ? firstBatch : secondBatch
          verify(!(first.ok && second.ok && refusedInSilence()), SILENCE)
          verify(
            first.ok !== second.ok && JSON.stringify(found) === JSON.stringify([1, ...winner]),
            `Two writers expected version 1; one of them came between the ${after ?? 'start'} and the ${held ?? 'end'} of the other. All events of exactly one of them should stand behind the first, and nothing else.`,
            {
              expected: [1, ...winner],
              received: { stored: found, firstSucceeded: first.ok, secondSucceeded: second.ok },
            },
          )
        },
      })
    })
  }

  test('leaves all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'appendEvents',
      prepare: () => plant(1, 1),
      run: (redis) =>
        new AggregateEventStore(redis).appendEvents('account', 'acc-1', [event(2), event(3), event(4)], 1),
      verify: async ({ last }) => {
        const found = (await stored()).length - 1
        verify(
          found === 0 || found === 3,
          `The process died after its ${last}, and ${found} of the three events stood there. They are one decision: the money without its fee is wrong for ever. Write them in one script or one transaction.`,
          { expected: 'none or 3', received: found },
        )
      },
    })
  })

  test('writes a large batch in one step, too', async () => {
    const size = box.has('real-server') ? 1_100 : 150 // the embedded server's Lua is slow with long arguments
    const batch = Array.from({ length: size }, (_, i) => event(i + 1))
    const store = new AggregateEventStore(box.redis)
    await call('appendEvents', () => store.appendEvents('account', 'acc-2', [event(1)], 0)) // loads a script
    const before = box.commands.length
    verifyEqual(
      await call('appendEvents', () => store.appendEvents('account', 'acc-3', batch, 0)),
      size,
      `${size} events on a new account make version ${size}.`,
    )
    const sent = box.commands.slice(before).map(({ name }) => name)
    const scripts = sent.filter((name) => /^(EVAL|EVALSHA|FCALL)$/.test(name)).length
    const transactions = sent.filter((name, i) => name === 'EXEC' && sent[i - 1] === 'XADD').length
    const broken = (what: string) =>
      `A batch of ${size} events was written in several steps${what}. All are written or none, however many they are: one script, or one transaction.`
    verify(transactions <= 1, broken(`, and the process may die between any two`), {
      expected: 'one EXEC',
      received: `${transactions} times EXEC`,
    })
    if (scripts <= 1) return
    await everyCrash({
      name: 'appendEvents',
      run: (redis) => new AggregateEventStore(redis).appendEvents('account', 'acc-1', batch, 0),
      verify: async ({ last }) => {
        const found = await box.admin.xlen(KEY)
        verify(
          found === 0 || found === size,
          broken(`: the process died after an ${last}, and ${found} of them stood there`),
          { expected: `none or ${size}`, received: found },
        )
      },
    })
  })

  test('writes nothing when one event is spoilt', async () => {
    const spoilt = { ...event(3), payload: { at: new Date(0) } } as unknown as DomainEvent
    const store = new AggregateEventStore(box.redis)
    const error = await callError(
      'appendEvents',
      () => store.appendEvents('account', 'acc-1', [event(1), event(2), spoilt], 0),
      Error,
      'appendEvents stored an event with a Date in its payload. Make every text with encodeEvent.',
    )
    verifyEqual(
      [error.name, await stored()],
      ['MalformedEventError', []],
      'The third event of a batch is refused by encodeEvent. That MalformedEventError should come through, and none of the three be written: encode all of them first.',
    )
  })

  test('takes no batch without a version', async () => {
    await plant(1, 1)
    await callError(
      'appendEvents',
      () => appendAll([2, 3], undefined as unknown as number),
      InvalidVersionError,
      'appendEvents was called without an expected version and did not refuse it with an InvalidVersionError.',
    )
    verifyEqual(await stored(), [1], 'A refused batch must leave the stream as it was.')
  })

  test('takes a hundred events', async () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1)
    verifyEqual(
      await call('appendEvents', () => appendAll(numbers, 0)),
      100,
      'A hundred events on a new account make version 100.',
    )
    verifyEqual(
      await stored(),
      numbers,
      'A hundred events should stand in the stream in the order in which they were given.',
    )
  })
})

describe('getEvents and getVersion', () => {
  const getRaw = (afterVersion?: number) => {
    const store = new AggregateEventStore(box.redis)
    return afterVersion === undefined
      ? store.getEvents('account', 'acc-1')
      : store.getEvents('account', 'acc-1', afterVersion)
  }
  const get = (afterVersion?: number) => call('getEvents', () => getRaw(afterVersion))
  const getVersion = () =>
    call('getVersion', () => new AggregateEventStore(box.redis).getVersion('account', 'acc-1'))
  const versions = (events: readonly StoredEvent[]) => events.map(({ version }) => version)

  test('gives events and version', async () => {
    await plant(1, 3)
    verifyEqual(
      await get(),
      [1, 2, 3].map((version) => ({ version, event: event(version) })),
      'getEvents should give every event as `{ version, event }`, the oldest first, the event as decodeEvent reads it.',
    )
    verifyEqual(
      await getVersion(),
      3,
      'After three events the version is 3: that of the last entry, which XREVRANGE brings first.',
    )
  })

  test('knows what never was', async () => {
    const outcome = await attempt('getVersion', () =>
      new AggregateEventStore(box.redis).getVersion('account', 'acc-1'),
    )
    verify(
      outcome.ok || !/no such key/.test(String(outcome.error)),
      'getVersion failed for an aggregate that never was: XINFO STREAM is an error where there is no stream. Such an aggregate is at version 0.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      [await get(), await getVersion()],
      [[], 0],
      'An aggregate that never was has no events and version 0.',
    )
  })

  test('begins behind afterVersion', async () => {
    await plant(1, 12)
    verifyEqual(
      versions(await get(9)),
      [10, 11, 12],
      'getEvents after version 9 should begin with version 10. The start of XRANGE is inclusive unless a bracket stands before it: `(9-0`.',
    )
    verifyEqual(versions(await get(12)), [], 'After the last version there is nothing.')
    verifyEqual(versions(await get(40)), [], 'After a version that is still to come there is nothing.')
    verifyEqual(await getVersion(), 12, 'After twelve events the version is 12.')
  })

  test('keeps the versions when old entries are gone', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    verifyEqual(
      await getVersion(),
      5,
      'Of five events three were trimmed away, and getVersion says something else than 5. The length of the stream is not the version: read it off the last id.',
    )
    verifyEqual(
      versions(await get()),
      [4, 5],
      'After a trim the events that are left keep their versions, 4 and 5. Read them off the ids; the position in the reply says nothing.',
    )
    verifyEqual(
      versions(await get(4)),
      [5],
      'After a trim only the versions 4 and 5 are left, and getEvents after version 4 should give version 5. `afterVersion` is a version, not a number of events to leave out: begin to read behind its id.',
    )
  })

  test('finds what is left behind a long gap', async () => {
    await plant(2_001, 2_003)
    verifyEqual(
      versions(await get()),
      [2_001, 2_002, 2_003],
      'Of 2,003 events the last three are left, and getEvents did not give them. Where nothing stands in a span of versions, the history is not at its end: go on behind the last id that came, and do not count versions.',
    )
  })

  test('begins anew with every call', async () => {
    await plant(1, 2)
    const store = new AggregateEventStore(box.redis)
    const first = await call('getEvents', () => store.getEvents('account', 'acc-1'))
    await plant(3, 3)
    verifyEqual(
      versions(await call('getEvents', () => store.getEvents('account', 'acc-1'))),
      [1, 2, 3],
      'The same store was asked a second time, after another program had appended event 3. It should give all three, each once: nothing that a call has read may be left over for the next.',
    )
    verifyEqual(
      versions(first),
      [1, 2],
      'The array that the first call gave has changed with the second call. It belongs to the caller: make a new one for each call.',
    )
    verifyEqual(
      await call('getVersion', () => store.getVersion('account', 'acc-1')),
      3,
      'Another program appended event 3, and getVersion says something else: ask Redis each time.',
    )
  })

  test('reads 1,100 events in pages', async () => {
    await plant(1, 1_100)
    const events = await get()
    const most = largestReply(box.commands)
    verify(
      events.length === 1_100 && events.every(({ version }, i) => version === i + 1),
      'getEvents should give all 1,100 events of a long history, each once. A COUNT brings one page: go on behind its last id until a page is not full.',
      { expected: '1 to 1100', received: `${events.length} events, the last is ${events.at(-1)?.version}` },
    )
    verify(
      most <= 501,
      `getEvents fetched ${most} entries with one command. Redis serves nobody else while it puts that reply together: read pages with COUNT 500.`,
      { expected: 'at most 501', received: most },
    )
    const before = box.commands.length
    verifyEqual(await getVersion(), 1_100, 'After 1,100 events the version is 1100.')
    verify(
      largestReply(box.commands.slice(before)) <= 500,
      'getVersion read the whole history to learn one number. It stands in the last entry: XREVRANGE with COUNT 1.',
    )
  })

  test('does not pass over an entry that it cannot read', async () => {
    await plant(1, 1)
    await box.admin.xadd(KEY, '2-0', 'event', '{"eventId":"0b7f')
    const error = await callError(
      'getEvents',
      () => getRaw(),
      Error,
      'getEvents went on although one entry is torn. A decision on a history with a hole is a wrong decision: let the MalformedEventError of decodeEvent through.',
    )
    verifyEqual(
      error.name,
      'MalformedEventError',
      'An entry that is no event should fail with the MalformedEventError of decodeEvent.',
    )
  })
})

describe('decideAndAppend', () => {
  type Decide = Parameters<typeof decideAndAppend>[3]
  const run = (decide: Decide, attempts?: number, redis = box.redis) =>
    attempts === undefined
      ? decideAndAppend(new AggregateEventStore(redis), 'account', 'acc-1', decide)
      : decideAndAppend(new AggregateEventStore(redis), 'account', 'acc-1', decide, attempts)
  const decideIt = (decide: Decide, attempts?: number) => call('decideAndAppend', () => run(decide, attempts))

  const balance = (history: readonly StoredEvent[]) =>
    history.reduce((sum, { event: one }) => {
      const cents = Number(one.payload.cents)
      return one.eventType === 'ACCOUNT_DEBITED' ? sum - cents : sum + cents
    }, 0)
  /** 80 euros, if they are there. */
  const pay =
    (n: number): Decide =>
    (history) =>
      balance(history) >= 8_000 ? [debit(n)] : []
  const someoneElseDebits = (version: number) =>
    box.admin.xadd(KEY, `${version}-0`, 'event', JSON.stringify(debit(100 + version)))

  test('appends what was decided', async () => {
    await plant(1, 3)
    let seen: readonly StoredEvent[] = []
    const version = await decideIt((history) => {
      seen = [...history]
      return [event(4), event(5)]
    })
    verifyEqual(
      seen,
      [1, 2, 3].map((n) => ({ version: n, event: event(n) })),
      '`decide` should be given the whole history of the aggregate, as getEvents gives it.',
    )
    verifyEqual(await stored(), [1, 2, 3, 4, 5], 'What `decide` returns should be appended, in its order.')
    verifyEqual(version, 5, 'decideAndAppend should resolve to the version after what it appended.')
  })

  test('begins a new aggregate', async () => {
    const outcome = await attempt('decideAndAppend', () => run(() => [event(1)]))
    verify(
      outcome.ok && outcome.value === 1,
      'An aggregate without events is at version 0, and its first event makes version 1. The history is read in each call; nothing of another call may be left over.',
      { expected: 1, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('waits for a decision that is a promise', async () => {
    const outcome = await attempt('decideAndAppend', () =>
      run(async () => {
        await box.admin.ping()
        return [event(1)]
      }),
    )
    verify(
      outcome.ok && outcome.value === 1,
      '`decide` returned a promise of one event, and that event was not appended as version 1. Await what `decide` returns: a decision may have to ask somebody first.',
      { expected: 1, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('writes nothing when nothing was decided', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    verifyEqual(
      await decideIt(() => []),
      5,
      'When `decide` returns no events, decideAndAppend should resolve to the version of the history. That is the version of its last event; the number of events is smaller once old ones are gone.',
    )
    verifyEqual(
      await decideIt(() => [event(6)]),
      6,
      'After old entries were trimmed away, an append should still go through: expect the version of the last event.',
    )
  })

  test('appends a decision whole', async () => {
    await everyCrash({
      name: 'decideAndAppend',
      prepare: () => plant(1, 1),
      run: (redis) => run(() => [debit(2), debit(3)], undefined, redis),
      verify: async ({ last }) => {
        const found = (await stored()).length - 1
        verify(
          found === 0 || found === 2,
          `\`decide\` returned two events, the process died after its ${last}, and one of the two stood there. They are one decision: append them with one appendEvents.`,
          { expected: 'none or 2', received: found },
        )
      },
    })
  })

  test('lets a refusal through', async () => {
    await plant(1, 1)
    let calls = 0
    const refusal = new RangeError('not enough money')
    const outcome = await attempt('decideAndAppend', () =>
      run(() => {
        calls += 1
        throw refusal
      }),
    )
    verify(
      !outcome.ok && outcome.error === refusal,
      '`decide` threw, and decideAndAppend did not reject with that very error. A refusal is the caller’s business: let it through.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    verifyEqual(calls, 1, 'An error that `decide` throws is no conflict: do not ask it again.')
  })

  test('decides anew after a conflict', async () => {
    await plant(1, 1)
    const balances: number[] = []
    const outcome = await attempt('decideAndAppend', () =>
      run(async (history) => {
        balances.push(balance(history))
        if (balances.length === 1) await someoneElseDebits(2)
        return pay(3)(history)
      }),
    )
    verify(
      outcome.ok,
      'Somebody else wrote between the read and the append, and decideAndAppend gave up. After a ConcurrencyError begin again from the read.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      balances.length < 2 || balances[1] === 2_000,
      'After a conflict `decide` was called again, but not with the history as it is then: all events of the aggregate, each once. Read all of it anew, into an array of its own.',
      { expected: 'a balance of 2000 cents', received: `a balance of ${balances[1]} cents` },
    )
    verifyEqual(
      await stored(),
      [1, 102],
      'There were 100 euros. Somebody else took 80 while ours was being decided, and ours took 80 as well: the old decision was appended with the new version. After a conflict read again and let `decide` decide anew.',
    )
    verifyEqual(
      balances,
      [10_000, 2_000],
      'After a conflict `decide` should be called once more, with the history as it is then.',
    )
    verifyEqual(outcome.value, 2, 'The second decision was to do nothing; the account is at version 2.')
  })

  test('decides on the history that it writes behind', async () => {
    await everyInterleaving({
      name: 'decideAndAppend',
      prepare: () => plant(1, 1),
      first: (redis) => run(pay(2), undefined, redis),
      second: (redis) => run(pay(3), undefined, redis),
      verify: async ({ first, second, held, after }) => {
        for (const outcome of [first, second]) {
          verify(
            outcome.ok,
            'Two programs wanted 80 euros each, and one of them got an error. It should have read again and decided to do nothing.',
            { received: !outcome.ok && outcome.error },
          )
        }
        verifyEqual(
          (await stored()).length - 1,
          1,
          'Two programs wanted 80 of 100 euros. Exactly one debit should be in the stream.',
          [
            [
              (debits) => debits > 1,
              `Of 100 euros 80 were paid out twice, without a conflict: somebody wrote between the ${after ?? 'start'} and the ${held ?? 'end'}. The expected version must be that of the last event that \`decide\` saw; one that is read separately may count events that it never saw.`,
            ],
          ],
        )
      },
    })
  })

  test('is done when nothing was decided', async () => {
    await plant(1, 1)
    let calls = 0
    const version = await decideIt(async () => {
      calls += 1
      if (calls === 1) await someoneElseDebits(2)
      return []
    })
    verifyEqual(
      { version, calls },
      { version: 1, calls: 1 },
      '`decide` returned no events, while somebody else wrote. There is nothing to append, so there is no conflict: give the version of the history that `decide` saw, and do not ask it again. A getVersion behind it would vouch for an event that nobody looked at.',
    )
  })

  for (const [attempts, most] of [
    [undefined, 5],
    [2, 2],
    [1, 1],
  ] as const) {
    test(`gives up after ${most}${attempts === undefined ? ' by itself' : ''}`, async () => {
      await plant(1, 1)
      let calls = 0
      const error = await callError(
        'decideAndAppend',
        () =>
          run(async () => {
            calls += 1
            await someoneElseDebits(calls + 1)
            return calls > 20 ? [] : [event(50)]
          }, attempts),
        ConcurrencyError,
        'Somebody else is always faster. After the last attempt decideAndAppend should reject with the ConcurrencyError, not go on for ever and not keep silent.',
      )
      verifyEqual(
        calls,
        most,
        `\`attempts\` ${attempts === undefined ? 'was left out, so it is 5' : `was ${attempts}`}: that is how often \`decide\` may be called in all, the first time included.`,
      )
      verifyEqual(
        [error.expectedVersion, error.actualVersion],
        [most, most + 1],
        'decideAndAppend gave up, and its ConcurrencyError is not that of the last attempt. Throw the last one as it is: its versions say how things stand now.',
      )
    })
  }

  test('decides at least once', async () => {
    await plant(1, 1)
    const outcome = await attempt('decideAndAppend', () => run(() => [event(2)], 0))
    verify(
      outcome.ok && outcome.value === 2,
      '`attempts` was 0, nobody else wrote, and the decision was not appended. `decide` is called at least once: look at `attempts` after the first conflict, not before the first try.',
      { expected: 2, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('repeats after conflicts only', async () => {
    await plant(1, 1)
    let calls = 0
    const error = await callError(
      'decideAndAppend',
      () =>
        run(() => {
          calls += 1
          return [{ ...event(2), payload: { at: new Date(0) } } as unknown as DomainEvent]
        }),
      Error,
      'The decided event cannot be encoded, and decideAndAppend did not fail.',
    )
    verifyEqual(
      [error.name, calls],
      ['MalformedEventError', 1],
      'An event that cannot be encoded is no conflict, and a second attempt makes it no better. Repeat after a ConcurrencyError only, and let every other error through at once.',
    )
  })
})
