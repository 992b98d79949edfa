/** Long, because each sentence a learner may read is kept next to the code that judges it. */
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
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
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

/** The nth event of a test. */
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

/** Adds events number `from` to `to` to the account, as other programs left them. */
async function plant(from: number, to: number, key = KEY): Promise<void> {
  const events = Array.from({ length: to - from + 1 }, (_, index) => JSON.stringify(event(from + index)))
  await box.admin.eval(PLANT, 1, key, from, ...events)
}

/** One command for thousands of entries. KEYS: the stream; ARGV: the first version, and the events from there on. */
const PLANT = `for at = 2, #ARGV do
  redis.call('XADD', KEYS[1], string.format('%d-0', ARGV[1] + at - 2), 'event', ARGV[at])
end`

/** Drops the oldest entry. KEYS: the stream. */
const TRIM_ONE = `redis.call('XTRIM', KEYS[1], 'MAXLEN', redis.call('XLEN', KEYS[1]) - 1)`

async function entries(key = KEY): Promise<{ id: string; event: unknown }[]> {
  const all = await box.admin.xrange(key, '-', '+')
  return all.map(([id, fields]) => ({ id, event: parsed(fields[fields.indexOf('event') + 1]) }))
}

/** The `n` of every stored event, in order. */
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
    "The `ConcurrencyError` should carry the version that was expected and the aggregate's actual version, so that you can see how far apart they were.",
  )
  verify(error.name === 'ConcurrencyError', "The error's `name` should be `ConcurrencyError`.", {
    received: error.name,
  })
}

/** True if Redis refused a transaction; if both writers succeeded all the same, the answer ignored that. */
const refusedInSilence = () => box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
const SILENCE =
  'Two writers expected version 1, and both calls succeeded, even though only one event was written: `EXEC` replied `(nil)` to the slower one. With `WATCH`, `(nil)` means "another client was faster, and nothing was written." Check what `exec()` returns, and reject with a `ConcurrencyError` or read the version again.'

/** True if a transaction was sent on a connection that never watched anything, although another one did. */
function watchedElsewhere(): boolean {
  const watching = new Set(box.commands.filter(({ name }) => name === 'WATCH').map(({ client }) => client))
  return (
    watching.size > 0 && box.commands.some(({ name, client }) => name === 'EXEC' && !watching.has(client))
  )
}
const OTHER_ERROR =
  'Of two writers with the same expected version, one was refused, but not with a `ConcurrencyError`. The caller has to be able to tell a conflict from every other error.'
const WATCHED_ELSEWHERE =
  'Of two writers with the same expected version, one was refused, but not with a `ConcurrencyError`: `WATCH` was sent on one connection and `EXEC` on another, where nothing was watched. A `WATCH` belongs to a connection, so send the whole transaction on the one that watches.'

/** Of two writers that both expected version 1, exactly one has won. */
function exactlyOneWon(
  { first, second }: { readonly first: Outcome<unknown>; readonly second: Outcome<unknown> },
  whenBoth: string,
  whenOther = watchedElsewhere() ? WATCHED_ELSEWHERE : OTHER_ERROR,
): void {
  verify(!(first.ok && second.ok), refusedInSilence() ? SILENCE : whenBoth, {
    received: words('both calls succeeded'),
  })
  verify(
    first.ok || second.ok,
    'Two writers expected the same version, and both were refused. The one that came first should succeed; otherwise no writer ever makes progress.',
    { received: !first.ok && first.error },
  )
  const failure = first.ok ? second : first
  const error = failure.ok ? undefined : failure.error
  verify(error instanceof ConcurrencyError, whenOther, { expected: 'ConcurrencyError', received: error })
  verifyEqual(
    [error.expectedVersion, error.actualVersion],
    [1, 2],
    "The slower writer's `ConcurrencyError` should say that it expected version 1 and that the aggregate is at version 2.",
  )
}

async function closesWhatItOpens(
  name: string,
  appendTo: (store: AggregateEventStore, one: DomainEvent, expectedVersion: number, id: string) => unknown,
): Promise<void> {
  const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they do outside of the check
  const spoilt = { ...event(3), payload: { at: new Date(0) } } as unknown as DomainEvent
  const store = new AggregateEventStore(redis)
  await box.admin.set('aggregate:account:acc-2', 'not a stream')
  for (const [what, one, expectedVersion, id] of [
    ['an append that succeeded', event(1), 0, 'acc-1'],
    ['an append that was refused with a `ConcurrencyError`', event(2), 0, 'acc-1'],
    ['an append of an event that `encodeEvent` refuses', spoilt, 'current', 'acc-1'],
    ['an append with an invalid version', event(2), Number.NaN, 'acc-1'],
    ['an append to a key that holds a string, which Redis refuses', event(1), 0, 'acc-2'],
  ] as const) {
    const version = expectedVersion === 'current' ? await box.admin.xlen(KEY) : expectedVersion
    await attempt(name, () => appendTo(store, one, version, id))
    verifyEqual(
      await connectionsStillOpen(),
      0,
      `After ${what}, a connection is still open that wasn't there before. If every append leaves one open, Redis soon accepts no more connections. Close every connection you open, in a \`finally\`.`,
    )
  }
}

describe('appendEvent', () => {
  test('appends to the stream of the aggregate', async () => {
    const outcome = await attempt('appendEvent', () => append(1, 0))
    verify(
      outcome.ok || !(outcome.error instanceof InvalidVersionError),
      "`appendEvent` refused version 0. An aggregate that doesn't exist yet is at version 0, so that's the version its first event expects. Beware of `!version` and `||`, which treat 0 as missing.",
      { received: !outcome.ok && outcome.error },
    )
    const conflict = !outcome.ok && outcome.error instanceof ConcurrencyError ? outcome.error : undefined
    verify(
      conflict === undefined || String(conflict.actualVersion) !== '0',
      "The account is at version 0, as expected, but `appendEvent` called that a conflict. In Lua, everything in `ARGV` is a string, and `'0' ~= 0` is always true, so compare with `tonumber(ARGV[1])`.",
      { received: conflict },
    )
    const version = await call('appendEvent', () => {
      if (outcome.ok) return outcome.value
      throw outcome.error
    })
    const all = await entries()
    verify(
      all.length === 1,
      'After `appendEvent` on a new account, the stream `aggregate:account:acc-1` should have one entry.',
      { received: all },
    )
    verifyEqual(
      all[0]?.event,
      event(1),
      'The entry should have a field `event` with the whole event, as the string that `encodeEvent` returns.',
    )
    verifyEqual(
      (await box.admin.xrange(KEY, '-', '+'))[0]?.[1].length,
      2,
      "The entry should have one field, `event`. The version is in the entry's ID, and everything else is in the event.",
    )
    verifyEqual(
      version,
      1,
      '`appendEvent` should resolve to the new version, which is 1 after the first event.',
    )
    const second = await attempt('appendEvent', () => append(2, 1))
    verify(
      second.ok || all[0]?.id === '1-0',
      `The first event got ${/^\d{10,}/.test(all[0]?.id ?? '') ? 'an ID from the clock' : `the ID \`${all[0]?.id}\``}, and after that \`appendEvent\` didn't find the aggregate at version 1. Give the entry for version n the ID \`n-0\`, so that you can read the version off the last ID.`,
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
      'Each aggregate has versions of its own: the first event of another account should be version 1, too.',
    )
    const ofAnotherType = await attempt('appendEvent', () =>
      new AggregateEventStore(box.redis).appendEvent('order', 'acc-1', event(1), 0),
    )
    verify(
      ofAnotherType.ok && (await box.admin.xlen('aggregate:order:acc-1')) === 1,
      "An order has the same ID as an account, and its first event isn't in the stream `aggregate:order:acc-1`. The key contains the aggregate's type as well as its ID.",
      { expected: 1, received: ofAnotherType.ok ? ofAnotherType.value : ofAnotherType.error },
    )
  })

  test('refuses an outdated version', async () => {
    await plant(1, 4)
    await appended(5, 4)
    await refused(
      'appendEvent',
      () => append(6, 3),
      { expected: 3, actual: 5 },
      'The account is at version 5. An event decided at version 3 should be refused with a `ConcurrencyError`, because events 4 and 5 may have changed everything.',
    )
    await refused(
      'appendEvent',
      () => append(6, 0),
      { expected: 0, actual: 5 },
      'Version 0 means "this account doesn\'t exist yet." It does exist, so `appendEvent` should reject with a `ConcurrencyError`.',
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
          `Both writers expected version 1, and both succeeded, because the second one ran between the first one's ${round.after ? `\`${round.after}\`` : 'start'} and ${round.held ? `\`${round.held}\`` : 'end'}. Check the version and append in one step: use a script, or an ID that can only be used once.`,
        )
        verifyEqual(
          (await stored()).length,
          2,
          "One writer won, so the stream should contain the first event, the winner's event, and nothing else.",
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
            ? 'Two writers on one connection expected version 1, and both succeeded. A `WATCH` belongs to a connection, so the `EXEC` of one writer ended the watch of the other. Use `WATCH` on your own `redis.duplicate()`, or use a script.'
            : 'Two writers on one connection expected version 1, and both succeeded. Check the version and append in one step.',
          watched
            ? 'Two writers on one connection expected version 1. The slower one was refused, but not with a `ConcurrencyError`. A `WATCH` belongs to a connection, so the `EXEC` of one writer ended the watch of the other, and the append was stopped only because its ID was already taken. Use `WATCH` on your own `redis.duplicate()`, or use a script.'
            : undefined,
        )
      },
    })
  })

  test('lets one of two writers win in one store', async () => {
    let store: AggregateEventStore
    await everyInterleaving({
      name: 'appendEvent',
      sameConnection: true,
      prepare: () => plant(1, 1),
      first: (redis) => {
        store = new AggregateEventStore(redis)
        return store.appendEvent('account', 'acc-1', debit(2), 1)
      },
      second: () => store.appendEvent('account', 'acc-1', debit(3), 1),
      verify: (round) => {
        const both = `Two calls on one store expected version 1, the second one ran between the first one's ${round.after ? `\`${round.after}\`` : 'start'} and ${round.held ? `\`${round.held}\`` : 'end'}`
        const watched = box.commands.some(({ name }) => name === 'WATCH')
          ? ' A `WATCH` belongs to a connection, and the `EXEC` of one call ends the watch of every other call on it, so each call needs a connection of its own.'
          : ''
        exactlyOneWon(
          round,
          `${both}, and both succeeded.${watched}`,
          `${both}, and the slower one was refused, but not with a \`ConcurrencyError\`.${watched}`,
        )
      },
    })
  })

  test('is safe while the connection is used for a transaction', async () => {
    await everyInterleaving({
      name: 'appendEvent',
      sameConnection: true,
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', debit(2), 1),
      second: async (redis) => {
        await redis.multi().set('other', '1').exec()
        await box.admin.xadd(KEY, '2-0', 'event', JSON.stringify(debit(3)))
      },
      verify: async ({ first, held, after }) => {
        const error = first.ok ? undefined : first.error
        const wasFirst = first.ok && (await stored())[1] === 2
        const advice = box.commands.some(({ name }) => name === 'WATCH')
          ? 'Any `EXEC` ends a `WATCH` on its connection, so watch on your own `redis.duplicate()`, or use a script.'
          : 'Check the version and append in one step.'
        verify(
          wasFirst || error instanceof ConcurrencyError,
          `Between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of \`appendEvent\`, its caller sent a \`MULTI\` and an \`EXEC\` on the same connection, and then another client appended version 2. The append that expected version 1 should have been refused with a \`ConcurrencyError\`. ${advice}`,
          { expected: 'ConcurrencyError', received: first.ok ? first.value : error },
        )
      },
    })
  })

  test('works after it has refused an append', async () => {
    await plant(1, 2)
    const store = new AggregateEventStore(box.redis)
    await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', event(3), 1))
    const outcome = await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', event(3), 2))
    verify(
      outcome.ok && outcome.value === 3,
      "A store refused an append that expected version 1. Then the same store was asked to append at version 2, the account's version, and that failed. A conflict concerns one call only, so it can't affect the next one.",
      { expected: 3, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('uses the version as the ID', async () => {
    await appended(1, 0)
    await appended(2, 1)
    verifyEqual(
      (await entries()).map(({ id }) => id),
      ['1-0', '2-0'],
      'The entry for version n should have the ID `n-0`. An ID from the clock says nothing about the version, and counting entries fails as soon as old ones are trimmed.',
    )
  })

  test('leaves no gap', async () => {
    await plant(1, 1)
    await refused(
      'appendEvent',
      () => append(2, 5),
      { expected: 5, actual: 1 },
      'The account is at version 1, and an append that expected version 5 went through. Redis only requires IDs to grow and accepts a gap, so compare the version as well.',
    )
    await refused(
      'appendEvent',
      () => append(2, 1, 'acc-9'),
      { expected: 1, actual: 0 },
      "An account that doesn't exist is at version 0. An append that expects it to be at version 1 should be refused with a `ConcurrencyError`.",
    )
    verifyEqual(await stored(), [1], 'A refused append must leave the stream as it was.')
  })

  test('keeps counting when old entries are gone', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    const outcome = await attempt('appendEvent', () => append(6, 5))
    verify(
      outcome.ok && outcome.value === 6,
      "The oldest three of five events were trimmed, but the account is still at version 5. The length of the stream isn't the version: read the version off the last ID.",
      { expected: 6, received: outcome.ok ? outcome.value : outcome.error },
    )
    await refused(
      'appendEvent',
      () => append(7, 3),
      { expected: 3, actual: 6 },
      "After old entries were trimmed, an append with a version that's long out of date went through.",
    )
  })

  test("doesn't treat a trim as a conflict", async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 2),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(3), 2),
      second: (redis) => redis.xtrim(KEY, 'MAXLEN', 1),
      verify: ({ first, after, held }) => {
        verify(
          first.ok && first.value === 3,
          `An old entry was trimmed between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of \`appendEvent\`. The account was still at version 2, as expected, but the event wasn't appended. ${
            refusedInSilence()
              ? "`EXEC` replies `(nil)` whenever a watched key has changed, even if the version hasn't, so read the version again and retry if it's the same."
              : "A trim isn't a conflict: the version is in the last ID, whichever entries come before it."
          }`,
          { expected: 3, received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test("doesn't treat trim after trim as a conflict", async () => {
    await plant(1, 20)
    // Nine trims: three attempts of a WATCH, a read, and a write.
    const rival = withRival(box.redis, KEY, () => box.admin.eval(TRIM_ONE, 1, KEY), 9)
    const outcome = await attempt('appendEvent', () =>
      new AggregateEventStore(rival.redis).appendEvent('account', 'acc-1', event(21), 20),
    )
    verify(
      outcome.ok && outcome.value === 21,
      "While `appendEvent` was running, old entries were trimmed again and again. The account was still at version 20, as expected, but the event wasn't appended. A trim isn't a conflict, however many there are, so retry for as long as the version is the expected one.",
      { expected: 21, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('keeps everything that is there', async () => {
    await plant(1, 1_500)
    await appended(1_501, 1_500)
    const [length, ttl] = [await box.admin.xlen(KEY), await box.admin.ttl(KEY)]
    // A limit that this stream hasn't reached yet will drop events later, so look at the commands, too.
    const trims = box.commands.some(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    verify(
      length === 1_501 && ttl === -1 && !trims,
      "An append should add one entry and change nothing else. The events are the only source of truth: don't use a `MAXLEN` that drops old ones or an `EXPIRE` that drops all of them one day.",
      {
        expected: words('1501 entries, no limit, no expiration'),
        received: words(
          `${length} entries, ${trims ? 'a limit' : 'no limit'}, ${ttl < 0 ? 'no expiration' : 'an EXPIRE'}`,
        ),
      },
    )
    verifyEqual(
      await box.admin.keys('*'),
      [KEY],
      "After an append, there's a key that isn't the stream of the aggregate. An append should add its entry and write no other key: a list or a counter alongside the events is wrong as soon as a process dies between the two writes.",
    )
  })

  test('reads the version every time', async () => {
    const store = new AggregateEventStore(box.redis)
    await call('appendEvent', () => store.appendEvent('account', 'acc-1', event(1), 0))
    await plant(2, 3)
    const outcome = await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', event(4), 3))
    verify(
      outcome.ok && outcome.value === 4,
      'A store appended event 1, another program appended events 2 and 3, and then the first store was asked to append event 4 at version 3. That should succeed. Ask Redis for the version each time, because a version that the store remembers is out of date.',
      { expected: 4, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('works after Redis has forgotten its scripts', async () => {
    const store = new AggregateEventStore(box.redis)
    await call('appendEvent', () => store.appendEvent('account', 'acc-1', event(1), 0))
    await box.forgetScripts()
    const outcome = await attempt('appendEvent', () => store.appendEvent('account', 'acc-1', event(2), 1))
    verify(
      outcome.ok && outcome.value === 2,
      'A store had appended an event, then Redis forgot all scripts, as it does when it restarts, and the next `appendEvent` on the same store failed. `EVALSHA` only names a script, so send the script itself with `eval`, or use `redis.defineCommand`, which sends it again after a `NOSCRIPT`.',
      { expected: 2, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('counts past nine', async () => {
    await plant(1, 10)
    const outcome = await attempt('appendEvent', () => append(11, 10))
    verify(
      outcome.ok && outcome.value === 11,
      'The event after version 10 should be version 11. Versions are numbers: compared as strings, `"9"` is greater than `"10"`.',
      { expected: 11, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  for (const [version, shown] of [
    [undefined, '`undefined`'],
    [null, '`null`'],
    [Number.NaN, '`NaN`'],
    [-1, '`-1`'],
    [1.5, '`1.5`'],
    [Number.POSITIVE_INFINITY, '`Infinity`'],
    ['1', 'the string `"1"`'],
  ] as const) {
    test(`refuses ${shown.replaceAll('`', '')} as a version`, async () => {
      await plant(1, 1)
      for (const id of ['acc-1', 'acc-2']) {
        const error = await callError(
          'appendEvent',
          () => append(2, version as number, id),
          InvalidVersionError,
          `\`appendEvent\` didn't refuse ${shown} as the expected version. Expected an \`InvalidVersionError\`. ${
            version === undefined
              ? 'Otherwise, a forgotten argument turns off the whole check without warning.'
              : "A value like that is a bug in the caller's code. It isn't a version, so this isn't a conflict, either."
          }`,
        )
        verify(
          Object.is(error.version, version),
          'The `InvalidVersionError` should carry the refused value as `version`.',
          { expected: version, received: error.version },
        )
        verifyEqual(
          (await stored(`aggregate:account:${id}`)).length,
          id === 'acc-1' ? 1 : 0,
          '`appendEvent` refused the version, but it had already written something.',
        )
      }
    })
  }

  test("doesn't call every error a conflict", async () => {
    await box.admin.set(KEY, 'not a stream')
    const error = await callError(
      'appendEvent',
      () => append(1, 0),
      Error,
      "The key holds a string instead of a stream, and `appendEvent` didn't fail.",
    )
    verify(
      !(error instanceof ConcurrencyError),
      'The key holds a string instead of a stream, and `appendEvent` called that a conflict. The caller would keep reading and retrying, without success. Let other errors through as they are.',
      { received: error },
    )
  })

  test.skipIf(lacks('own-server'))('lets any error from Redis through', () =>
    passesOnRefusedWrite({
      name: 'appendEvent',
      run: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(1), 0),
      never: ConcurrencyError,
      why: "The event isn't stored, and no other writer was faster, so it isn't a conflict, either.",
    }),
  )

  test("doesn't call an error from its write a conflict", async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(2), 1),
      second: (redis) => redis.set(KEY, 'not a stream'),
      verify: ({ first, held, after }) => {
        if (held === undefined || (held === 'UNWATCH' && first.ok)) return
        verify(
          first.ok || !(first.error instanceof ConcurrencyError),
          `Between the ${after ? `\`${after}\`` : 'start'} and the \`${held}\`, the key became a string. Redis then refused the append with \`WRONGTYPE\`, and \`appendEvent\` called that a conflict, so the caller would keep reading and retrying, without success. Only the reply that the version is taken is a conflict; let every other error through.`,
          { received: first.ok || first.error },
        )
      },
    })
  })

  test('names the version that the account has reached', async () => {
    await everyInterleaving({
      name: 'appendEvent',
      prepare: () => plant(1, 1),
      first: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(4), 1),
      second: () => plant(2, 3), // one script, so no one sees the account at version 2
      verify: ({ first }) => {
        const error = first.ok ? undefined : first.error
        verify(
          first.ok || (error instanceof ConcurrencyError && error.actualVersion === 3),
          'While `appendEvent` was running, another client appended two events in one step, versions 2 and 3. The `ConcurrencyError` should say that the account is at version 3. If Redis refuses your ID, you only know that the account has moved on, so ask Redis for its version.',
          { expected: 3, received: error instanceof ConcurrencyError ? error.actualVersion : error },
        )
      },
    })
  })

  test('passes on an error from Redis', () =>
    passesOnErrors({
      name: 'appendEvent',
      prepare: () => plant(1, 1),
      run: (redis) => new AggregateEventStore(redis).appendEvent('account', 'acc-1', event(2), 1),
      works: async (version) => version === 2 && (await stored()).length === 2,
      never: ConcurrencyError,
      why: "Nothing was stored, and no other writer was faster, so there's no version to return, and it isn't a conflict, either.",
    }))

  test('refuses an event that JSON would change', async () => {
    const spoilt = { ...event(1), payload: { at: new Date(0) } } as unknown as DomainEvent
    const store = new AggregateEventStore(box.redis)
    const error = await callError(
      'appendEvent',
      () => store.appendEvent('account', 'acc-1', spoilt, 0),
      Error,
      '`appendEvent` stored an event with a `Date` in its payload. Encode it with `encodeEvent` from lesson 01, which refuses such an event.',
    )
    verifyEqual(
      [error.name, await stored()],
      ['MalformedEventError', []],
      'When `encodeEvent` refuses an event, `appendEvent` should reject with that `MalformedEventError` and write nothing.',
    )
  })

  test('stores the string unchanged', async () => {
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
      'The stored event differs from the one that was passed in. Store the string from `encodeEvent` unchanged: if Lua decodes and encodes it again, `[]` becomes `{}` and a long number loses its last digits.',
    )
  })

  test('closes what it opens', () =>
    closesWhatItOpens('appendEvent', (store, one, version, id) =>
      store.appendEvent('account', id, one, version),
    ))

  test('leaves the connection to its owner', async () => {
    await appended(1, 0)
    const outcome = await attempt('a GET after appendEvent', () => box.redis.get('anything'))
    verify(
      outcome.ok && outcome.value === null,
      'After `appendEvent`, the connection that was passed in can no longer be used. It belongs to the caller, so close only what you opened.',
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
    const batch = [event(2), event(3), event(4)]
    const store = new AggregateEventStore(box.redis)
    const version = await call('appendEvents', () => store.appendEvents('account', 'acc-1', batch, 1))
    verifyEqual(
      await entries(),
      [1, 2, 3, 4].map((n) => ({ id: `${n}-0`, event: event(n) })),
      'Three events appended at version 1 should become `2-0`, `3-0`, and `4-0`, in that order.',
    )
    verifyEqual(version, 4, '`appendEvents` should resolve to the version of its last event, not its first.')
    verifyEqual(
      batch,
      [event(2), event(3), event(4)],
      '`appendEvents` changed the array of events that it was called with. The array belongs to the caller, who may append the same events again after a conflict, so only read it.',
    )
  })

  test('writes none of an outdated batch', async () => {
    await plant(1, 2)
    const outcome = await attempt('appendEvents', () => appendAll([12, 13], 1))
    verifyEqual(
      await stored(),
      [1, 2],
      "The decision to append two events was based on version 1, but the account is at version 2. Part of the batch was still written: `2-0` was taken, `3-0` was free, and `MULTI` doesn't roll anything back. Compare the version first, then write the whole batch.",
    )
    await refused(
      'appendEvents',
      () => {
        if (outcome.ok) return outcome.value
        throw outcome.error
      },
      { expected: 1, actual: 2 },
      'A batch decided at version 1 should be refused with a `ConcurrencyError` when the account is at version 2.',
    )
  })

  test('writes none of a batch with a version too high', async () => {
    await plant(1, 1)
    await refused(
      'appendEvents',
      () => appendAll([6, 7], 5),
      { expected: 5, actual: 1 },
      'A batch that expects version 5 of an account at version 1 should be refused with a `ConcurrencyError`.',
    )
    verifyEqual(await stored(), [1], 'A refused batch must leave the stream as it was.')
  })

  for (const [who, firstBatch, secondBatch] of [
    ['a batch', [2, 3], [12]],
    ['a single event', [2], [12, 13]],
  ] as const) {
    test(`keeps a batch together while others write, ${who} first`, async () => {
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
            `Two writers expected version 1, and one of them ran between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of the other. After the first event, the stream should contain all events of exactly one of them, and nothing else.`,
            {
              expected: [1, ...winner],
              received: { stored: found, firstSucceeded: first.ok, secondSucceeded: second.ok },
            },
          )
        },
      })
    })
  }

  test('writes all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'appendEvents',
      prepare: () => plant(1, 1),
      run: (redis) =>
        new AggregateEventStore(redis).appendEvents('account', 'acc-1', [event(2), event(3), event(4)], 1),
      verify: async ({ last }) => {
        const found = (await stored()).length - 1
        verify(
          found === 0 || found === 3,
          `The process died after its \`${last}\`, and ${found} of the three events were in the stream. They belong to one decision: if a debit is stored without its fee, the balance stays wrong forever. Write them in one script or one transaction.`,
          { expected: words('none or 3'), received: found },
        )
        const others = (await box.admin.keys('*')).filter((key) => key !== KEY)
        verify(
          others.length === 0,
          `The process died after its \`${last}\`, and left a key that isn't the stream of the aggregate. If that's a lock, the other writers wait for a process that's gone. Write only the events, in one script or one transaction, and you won't need a lock.`,
          { expected: KEY, received: others },
        )
      },
    })
  })

  test('leaves no trace of a batch that came too late', async () => {
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
      first: (redis) => batch(redis, [2, 3]),
      second: (redis) => batch(redis, [12]),
      verify: async ({ first, second }) => {
        const found = await stored()
        const failure = first.ok ? second : first
        const error = failure.ok ? undefined : failure.error
        verify(
          error instanceof ConcurrencyError && error.actualVersion === found.length,
          `Two writers expected version 1, and the faster one reached version ${found.length}. The slower one was refused, but not with a \`ConcurrencyError\` whose \`actualVersion\` is ${found.length}.`,
          {
            expected: words(`a ConcurrencyError with ${found.length}`),
            received: error instanceof ConcurrencyError ? error.actualVersion : error,
          },
        )
        const next = `${found.length + 1}-0`
        verify(
          await box.admin.xadd(KEY, next, 'event', JSON.stringify(event(20))).then(
            () => true,
            () => false,
          ),
          `The slower of two writers was refused, but Redis no longer accepts the ID \`${next}\`, even though the account is at version ${found.length}. Part of the refused batch was written and then deleted, and Redis never accepts an ID twice. Compare the version first, and write only if it's the expected one.`,
          { expected: words(`the ID ${next} is still free`), received: 'refused' },
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
      `After ${size} events on a new account, the version should be ${size}.`,
    )
    const sent = box.commands.slice(before).map(({ name }) => name)
    const scripts = sent.filter((name) => /^(EVAL|EVALSHA|FCALL)$/.test(name)).length
    const transactions = sent.filter((name, i) => name === 'EXEC' && sent[i - 1] === 'XADD').length
    const broken = (what: string) =>
      `A batch of ${size} events was written in several steps${what}. Write all events or none, however many there are: in one script or one transaction.`
    verify(transactions <= 1, broken(', and the process may die between any two of them'), {
      expected: words('one EXEC'),
      received: words(`EXEC, sent ${transactions} times`),
    })
    if (scripts <= 1) return
    await everyCrash({
      name: 'appendEvents',
      run: (redis) => new AggregateEventStore(redis).appendEvents('account', 'acc-1', batch, 0),
      verify: async ({ last }) => {
        const found = await box.admin.xlen(KEY)
        verify(
          found === 0 || found === size,
          broken(`: the process died after an \`${last}\`, and ${found} of the events were in the stream`),
          { expected: words(`none or ${size}`), received: found },
        )
      },
    })
  })

  test('writes nothing when one event is invalid', async () => {
    const spoilt = { ...event(3), payload: { at: new Date(0) } } as unknown as DomainEvent
    const store = new AggregateEventStore(box.redis)
    const error = await callError(
      'appendEvents',
      () => store.appendEvents('account', 'acc-1', [event(1), event(2), spoilt], 0),
      Error,
      '`appendEvents` stored an event with a `Date` in its payload. Encode every event with `encodeEvent`.',
    )
    verifyEqual(
      [error.name, await stored()],
      ['MalformedEventError', []],
      '`encodeEvent` refuses the third event of a batch. `appendEvents` should reject with that `MalformedEventError` and write none of the three, so encode all of them first.',
    )
  })

  test('passes on an error from Redis', () =>
    passesOnErrors({
      name: 'appendEvents',
      prepare: () => plant(1, 1),
      run: (redis) =>
        new AggregateEventStore(redis).appendEvents('account', 'acc-1', [event(2), event(3)], 1),
      works: async (version) => version === 3 && (await stored()).length === 3,
      never: ConcurrencyError,
      why: "The batch wasn't stored, and no other writer was faster, so the caller needs to see this error.",
    }))

  test('stores each string unchanged', async () => {
    const payload = { tags: [], cents: 123_456_789_012_345, note: 'a|b; c,d}{"e" ,\n' }
    const batch = [event(1), { ...event(2), payload }, event(3)]
    const store = new AggregateEventStore(box.redis)
    await call('appendEvents', () => store.appendEvents('account', 'acc-1', batch, 0))
    verifyEqual(
      (await entries()).map((entry) => entry.event),
      batch,
      'The events of the stored batch differ from the ones that were passed in. Pass the string of each event as an argument of its own and store it unchanged: a character that separates the events can also be part of one, and Lua turns `[]` into `{}`.',
    )
  })

  test('closes what it opens', () =>
    closesWhatItOpens('appendEvents', (store, one, version, id) =>
      store.appendEvents('account', id, [event(9), one], version),
    ))

  test('refuses a batch without a version', async () => {
    await plant(1, 1)
    for (const [version, what] of [
      [undefined, 'without an expected version'],
      [-1, 'with -1 as the expected version'],
      [1.5, 'with 1.5 as the expected version'],
      ['1', 'with the string `"1"` as the expected version'],
    ] as const) {
      await callError(
        'appendEvents',
        () => appendAll([2, 3], version as number),
        InvalidVersionError,
        `\`appendEvents\` was called ${what} and didn't reject with an \`InvalidVersionError\`.`,
      )
      verifyEqual(await stored(), [1], 'A refused batch must leave the stream as it was.')
    }
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

  test('returns events and version', async () => {
    await plant(1, 3)
    verifyEqual(
      await get(),
      [1, 2, 3].map((version) => ({ version, event: event(version) })),
      '`getEvents` should return every event as `{ version, event }`, oldest first, with the event as `decodeEvent` returns it.',
    )
    verifyEqual(
      await getVersion(),
      3,
      "After three events, the version should be 3. It's in the ID of the last entry, which `XREVRANGE` returns first.",
    )
    verifyEqual(
      [(await box.admin.keys('*')).sort(), await stored()],
      [[KEY], [1, 2, 3]],
      '`getEvents` and `getVersion` only read, but after they were called, Redis no longer contained just the three events. Neither of them may write anything.',
    )
  })

  test('lets an error from Redis through', async () => {
    const store = new AggregateEventStore(box.redis)
    const why = "An aggregate that can't be read isn't an aggregate without events."
    await passesOnWrongType('getEvents', KEY, () => store.getEvents('account', 'acc-1'), why)
    await passesOnWrongType('getVersion', KEY, () => store.getVersion('account', 'acc-1'), why)
  })

  test('passes on an error from Redis', async () => {
    const why =
      "An aggregate that can't be read isn't an aggregate without events, and one page isn't the whole history."
    await passesOnErrors({
      name: 'getEvents',
      prepare: () => plant(1, 501),
      run: (redis) => new AggregateEventStore(redis).getEvents('account', 'acc-1'),
      works: (events) => events.length === 501,
      why,
    })
    await passesOnErrors({
      name: 'getVersion',
      prepare: () => plant(1, 2),
      run: (redis) => new AggregateEventStore(redis).getVersion('account', 'acc-1'),
      works: (version) => version === 2,
      why,
    })
  })

  test("handles an aggregate that doesn't exist", async () => {
    const outcome = await attempt('getVersion', () =>
      new AggregateEventStore(box.redis).getVersion('account', 'acc-1'),
    )
    verify(
      outcome.ok || !/no such key/.test(String(outcome.error)),
      "`getVersion` failed for an aggregate that doesn't exist, because `XINFO STREAM` replies with an error if there's no stream. Such an aggregate is at version 0.",
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      [await get(), await getVersion()],
      [[], 0],
      "An aggregate that doesn't exist has no events and is at version 0.",
    )
  })

  test('reads the aggregate of that type', async () => {
    await plant(1, 3)
    await plant(1, 2, 'aggregate:order:acc-1')
    const store = new AggregateEventStore(box.redis)
    verifyEqual(
      [
        versions(await call('getEvents', () => store.getEvents('order', 'acc-1'))),
        await call('getVersion', () => store.getVersion('order', 'acc-1')),
      ],
      [[1, 2], 2],
      "An account has three events, and an order with the same ID has two. For the order, `getEvents` and `getVersion` didn't return the two events and version 2. The key contains the aggregate's type as well as its ID.",
    )
  })

  test('starts after afterVersion', async () => {
    await plant(1, 12)
    verifyEqual(
      versions(await get(9)),
      [10, 11, 12],
      'With `afterVersion` 9, `getEvents` should start with version 10. The start of `XRANGE` is inclusive unless it has an opening parenthesis in front: `(9-0`.',
    )
    verifyEqual(
      versions(await get(12)),
      [],
      'The last version is 12, so with `afterVersion` 12, `getEvents` should return an empty array.',
    )
    verifyEqual(
      versions(await get(40)),
      [],
      "With `afterVersion` 40, a version that doesn't exist yet, `getEvents` should return an empty array.",
    )
    verifyEqual(await getVersion(), 12, 'After twelve events, the version should be 12.')
  })

  test('keeps the versions when old entries are gone', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    verifyEqual(
      await getVersion(),
      5,
      "Three of five events were trimmed, and `getVersion` should still return 5. The length of the stream isn't the version: read the version off the last ID.",
    )
    verifyEqual(
      versions(await get()),
      [4, 5],
      'After a trim, the remaining events keep their versions, 4 and 5. Read the versions off the IDs; the position in the reply says nothing about them.',
    )
    verifyEqual(
      versions(await get(4)),
      [5],
      'After a trim, only versions 4 and 5 are left, and `getEvents` with `afterVersion` 4 should return version 5. `afterVersion` is a version, not a number of events to skip, so start reading after its ID.',
    )
  })

  test('reads the version in one step', async () => {
    await everyInterleaving({
      name: 'getVersion',
      prepare: () => plant(1, 5),
      first: (redis) => new AggregateEventStore(redis).getVersion('account', 'acc-1'),
      second: () => box.admin.xtrim(KEY, 'MAXLEN', 2),
      verify: ({ first, after }) =>
        verify(
          first.ok && first.value === 5,
          `Old entries were trimmed ${after ? `after the \`${after}\`` : 'at the start'} of \`getVersion\`, and it didn't return 5. A version put together from two replies is wrong if the stream changes in between. It's in the ID of the last entry, so one command is enough.`,
          { expected: 5, received: first.ok ? first.value : first.error },
        ),
    })
  })

  test('finds what is left after a long gap', async () => {
    await plant(2_001, 2_003)
    verifyEqual(
      versions(await get()),
      [2_001, 2_002, 2_003],
      "Of 2,003 events, only the last three are left, and `getEvents` didn't return them. A range of versions without entries doesn't mean that the history is over. Continue after the last ID you received, and don't count versions.",
    )
  })

  test('starts from scratch with every call', async () => {
    await plant(1, 2)
    const store = new AggregateEventStore(box.redis)
    const first = await call('getEvents', () => store.getEvents('account', 'acc-1'))
    await call('getVersion', () => store.getVersion('account', 'acc-1'))
    await plant(3, 3)
    verifyEqual(
      versions(await call('getEvents', () => store.getEvents('account', 'acc-1'))),
      [1, 2, 3],
      "The same store was called a second time, after another program had appended event 3. It should return all three events, each once, so don't carry anything over from one call to the next.",
    )
    verifyEqual(
      versions(first),
      [1, 2],
      'The second call changed the array that the first call had returned. That array belongs to the caller, so create a new one for each call.',
    )
    verifyEqual(
      await call('getVersion', () => store.getVersion('account', 'acc-1')),
      3,
      "Another program appended event 3, and `getVersion` didn't return 3. Ask Redis for the version each time.",
    )
  })

  test('reads 5,001 events in pages', async () => {
    await plant(1, 5_001)
    const events = await get()
    const most = largestReply(box.commands)
    verify(
      events.length === 5_001 && events.every(({ version }, i) => version === i + 1),
      "`getEvents` should return each of the 5,001 events of a long history once. With `COUNT`, a command returns one page: continue after its last ID until a page isn't full.",
      {
        expected: words('1 to 5001'),
        received: words(`${events.length} events, the last one is ${events.at(-1)?.version}`),
      },
    )
    verify(
      most <= 501,
      `\`getEvents\` fetched ${most} entries with one command. While Redis builds that reply, it can't serve any other client, so read pages with \`COUNT 500\`.`,
      { expected: words('at most 501'), received: most },
    )
    if (most > 0) {
      verifyEqual(
        versions(await get(5_001 - 2 * most)).length,
        2 * most,
        `The largest reply that \`getEvents\` fetched had ${most} entries. When exactly ${2 * most} events were left to read, it didn't return all of them. After a last page that's full, the next one is empty, which only means that there are no more events.`,
      )
    }
    const before = box.commands.length
    await getVersion()
    verify(
      largestReply(box.commands.slice(before)) <= 500,
      '`getVersion` read the whole history to find one number. The version is in the ID of the last entry: use `XREVRANGE` with `COUNT 1`.',
    )
  })

  test("doesn't skip an entry it can't read", async () => {
    await plant(1, 1)
    await box.admin.xadd(KEY, '2-0', 'event', '{"eventId":"0b7f')
    const error = await callError(
      'getEvents',
      () => getRaw(),
      Error,
      '`getEvents` continued even though one entry is corrupt. A decision based on a history with a hole is wrong, so let the `MalformedEventError` from `decodeEvent` through.',
    )
    verifyEqual(
      error.name,
      'MalformedEventError',
      "For an entry that isn't an event, `getEvents` should fail with the `MalformedEventError` from `decodeEvent`.",
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
  /** Debits 80 euros if the balance allows it. */
  const pay =
    (n: number): Decide =>
    (history) =>
      balance(history) >= 8_000 ? [debit(n)] : []
  const someoneElseDebits = (version: number) =>
    box.admin.xadd(KEY, `${version}-0`, 'event', JSON.stringify(debit(100 + version)))

  test('appends the decision', async () => {
    await plant(1, 3)
    let seen: readonly StoredEvent[] = []
    const version = await decideIt((history) => {
      seen = [...history]
      return [event(4), event(5)]
    })
    verifyEqual(
      seen,
      [1, 2, 3].map((n) => ({ version: n, event: event(n) })),
      '`decide` should receive the whole history of the aggregate, as `getEvents` returns it.',
    )
    verifyEqual(
      await stored(),
      [1, 2, 3, 4, 5],
      'The events that `decide` returns should be appended in the order it returns them.',
    )
    verifyEqual(version, 5, '`decideAndAppend` should resolve to the version after the events it appended.')
  })

  test('starts a new aggregate', async () => {
    const outcome = await attempt('decideAndAppend', () => run(() => [event(1)]))
    verify(
      outcome.ok && outcome.value === 1,
      "An aggregate without events is at version 0, and its first event should be version 1. Read the history in each call, and don't carry anything over from another call.",
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
      "`decide` returned a promise of one event, and that event wasn't appended as version 1. Await what `decide` returns, because a decision may have to query something first.",
      { expected: 1, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('writes nothing when nothing is decided', async () => {
    await plant(1, 5)
    await box.admin.xtrim(KEY, 'MAXLEN', 2)
    verifyEqual(
      await decideIt(() => []),
      5,
      "When `decide` returns no events, `decideAndAppend` should resolve to the version of the history. That's the version of its last event; the number of events is smaller once old ones are gone.",
    )
    const outcome = await attempt('decideAndAppend', () => run(() => [event(6)]))
    verify(
      outcome.ok && outcome.value === 6,
      'After old entries were trimmed, an append should still go through: expect the version of the last event.',
      { expected: 6, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('appends a decision as a whole', async () => {
    await everyCrash({
      name: 'decideAndAppend',
      prepare: () => plant(1, 1),
      run: (redis) => run(() => [debit(2), debit(3)], undefined, redis),
      verify: async ({ last }) => {
        const found = (await stored()).length - 1
        verify(
          found === 0 || found === 2,
          `\`decide\` returned two events, the process died after its \`${last}\`, and only one of the two was in the stream. They're one decision, so append them with one \`appendEvents\`.`,
          { expected: words('none or 2'), received: found },
        )
      },
    })
  })

  test('lets a refusal through', async () => {
    await plant(1, 1)
    let calls = 0
    // A message that could be mistaken for the one of a conflict.
    const refusal = new RangeError('at version 1, the balance is 100 euros, not 180 as expected')
    const outcome = await attempt('decideAndAppend', () =>
      run(() => {
        calls += 1
        throw refusal
      }),
    )
    verify(
      !outcome.ok && outcome.error === refusal,
      "`decide` threw an error, and `decideAndAppend` didn't reject with that very error. It's up to the caller to handle a refusal, so let it through.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    verifyEqual(calls, 1, "An error that `decide` throws isn't a conflict, so don't call `decide` again.")
  })

  test('decides again after a conflict', async () => {
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
      'Another client wrote between the read and the append, and `decideAndAppend` gave up. After a `ConcurrencyError`, start over with the read.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      balances.length < 2 || balances[1] === 2_000,
      'After a conflict, `decide` was called again, but not with the current history. It should receive all events of the aggregate, each once, so read all of them again into a new array.',
      { expected: words('a balance of 2000 cents'), received: words(`a balance of ${balances[1]} cents`) },
    )
    verifyEqual(
      await stored(),
      [1, 102],
      'The account held 100 euros. Another client debited 80 while `decide` was running, and then 80 more were debited: the old decision was appended with the new version. After a conflict, read again and let `decide` decide again.',
    )
    verifyEqual(
      balances,
      [10_000, 2_000],
      'After a conflict, `decide` should be called once more, with the current history.',
    )
    verifyEqual(
      outcome.value,
      2,
      'The second decision was to append nothing, so `decideAndAppend` should resolve to version 2, which the account has already reached.',
    )
  })

  test('expects the version of the history that it read', async () => {
    await everyInterleaving({
      name: 'decideAndAppend',
      prepare: () => plant(1, 1),
      first: (redis) => run(pay(2), undefined, redis),
      second: (redis) => run(pay(3), undefined, redis),
      verify: async ({ held, after }) => {
        const debits = (await stored()).length - 1
        verify(
          debits === 1,
          `An account held 100 euros, and 80 were paid out twice, without a conflict: another client wrote between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'}. Expect the version of the last event that \`decide\` saw. A version that is read separately may count events that \`decide\` never saw.`,
          { expected: words('one debit'), received: words(`${debits} debits`) },
        )
      },
    })
  })

  test('stops when nothing is decided', async () => {
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
      "`decide` returned no events while another client wrote. There's nothing to append, so there's no conflict: return the version of the history that `decide` saw, and don't call it again. A later `getVersion` may count an event that `decide` never saw.",
    )
  })

  test('returns the version of the history that decided nothing', async () => {
    let last: number | undefined
    await everyInterleaving({
      name: 'decideAndAppend',
      prepare: () => plant(1, 1),
      first: (redis) =>
        run(
          (history) => {
            last = history.at(-1)?.version
            return []
          },
          undefined,
          redis,
        ),
      second: () => someoneElseDebits(2),
      verify: ({ first, after }) =>
        verify(
          first.ok && first.value === last,
          `Another client wrote version 2 ${after ? `after the \`${after}\`` : 'at the start'} of \`decideAndAppend\`. Then \`decide\` received a history that ended at version ${last}, and returned no events. \`decideAndAppend\` should resolve to that version. Take it from the last event of the history: a version that's read separately, even before the history, can be a different one.`,
          { expected: last, received: first.ok ? first.value : first.error },
        ),
    })
  })

  for (const [attempts, most] of [
    [undefined, 5],
    [2, 2],
    [1, 1],
  ] as const) {
    test(`gives up after ${most}${attempts === undefined ? ' by default' : ''}`, async () => {
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
        'Another client was faster every time. After the last attempt, `decideAndAppend` should reject with the `ConcurrencyError`, and neither retry forever nor hide the error.',
      )
      verifyEqual(
        calls,
        most,
        `\`attempts\` ${attempts === undefined ? "was left out, so it's 5" : `was ${attempts}`}. That's how many times \`decide\` may be called in all, including the first.`,
      )
      verifyEqual(
        [error.expectedVersion, error.actualVersion],
        [most, most + 1],
        "`decideAndAppend` gave up, but its `ConcurrencyError` isn't the one from the last attempt. Throw the last one as it is, because its versions are the current ones.",
      )
    })
  }

  test('decides at least once', async () => {
    await plant(1, 1)
    const outcome = await attempt('decideAndAppend', () => run(() => [event(2)], 0))
    verify(
      outcome.ok && outcome.value === 2,
      "`attempts` was 0, no other client wrote, and the decision wasn't appended. `decide` is called at least once, so check `attempts` after the first conflict, not before the first try.",
      { expected: 2, received: outcome.ok ? outcome.value : outcome.error },
    )
    let calls = 0
    await attempt('decideAndAppend', () =>
      run(async () => {
        calls += 1
        await someoneElseDebits(calls + 2)
        return calls > 20 ? [] : [event(50)]
      }, 0),
    )
    verifyEqual(
      calls,
      1,
      '`attempts` was 0, another client was faster, and `decide` was called again. It should be called just once: 0 is a number of attempts, and only a missing argument means 5. Beware of `attempts || 5`.',
      [
        [
          (n) => n > 5,
          '`attempts` was 0, another client was faster every time, and `decide` was called again and again. It should be called just once. If you compare with `===`, the count never equals 0, because the first attempt is already past it: compare with `>=`.',
        ],
      ],
    )
  })

  test('retries only after conflicts', async () => {
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
      "The event from `decide` can't be encoded, and `decideAndAppend` didn't fail.",
    )
    verifyEqual(
      [error.name, calls],
      ['MalformedEventError', 1],
      "An event that can't be encoded isn't a conflict, and another attempt won't help. Retry only after a `ConcurrencyError`, and let every other error through immediately.",
    )
  })

  test('lets an error from Redis through immediately', async () => {
    await plant(1, 1)
    const store = new AggregateEventStore(box.redis)
    const refusal = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), {
      name: 'ReplyError',
    })
    const refuse = () => Promise.reject(refusal)
    Object.assign(store, { appendEvent: refuse, appendEvents: refuse })
    let calls = 0
    const outcome = await attempt('decideAndAppend', () =>
      decideAndAppend(store, 'account', 'acc-1', () => {
        calls += 1
        return [event(2)]
      }),
    )
    verify(
      !outcome.ok && outcome.error === refusal,
      "Redis refused the append because it was out of memory, and `decideAndAppend` didn't reject with that very error. Let every error through that isn't a `ConcurrencyError`.",
      { expected: refusal, received: outcome.ok ? outcome.value : outcome.error },
    )
    verifyEqual(
      calls,
      1,
      "Redis refused the append because it was out of memory. That isn't a conflict, so don't call `decide` again.",
    )
  })

  test("decides nothing if it can't read the history", async () => {
    await plant(1, 1)
    await box.admin.xadd(KEY, '2-0', 'event', '{"eventId":"0b7f')
    let calls = 0
    const error = await callError(
      'decideAndAppend',
      () =>
        run(() => {
          calls += 1
          return [event(3)]
        }),
      Error,
      "One entry of the history is corrupt, and `decideAndAppend` didn't fail. Let the `MalformedEventError` from `getEvents` through.",
    )
    verifyEqual(
      [error.name, calls],
      ['MalformedEventError', 0],
      "One entry of the history is corrupt. Let the `MalformedEventError` from `getEvents` through immediately, without calling `decide`: it can't decide anything without the whole history.",
    )
  })

  test('passes on an error from any command', async () => {
    let calls = 0
    await passesOnErrors({
      name: 'decideAndAppend',
      async prepare() {
        calls = 0
        await plant(1, 1)
      },
      run: (redis) =>
        run(
          () => {
            calls += 1
            return [event(2)]
          },
          undefined,
          redis,
        ),
      works: (version) => version === 2 && calls === 1,
      never: ConcurrencyError,
      why: "Without the whole history there's nothing to base a decision on, and a decision that wasn't stored has no version. Only a `ConcurrencyError` means that another writer was faster.",
    })
  })

  test('returns the version that a second attempt reached', async () => {
    await plant(1, 1)
    let calls = 0
    const version = await decideIt(async () => {
      calls += 1
      if (calls === 1) await someoneElseDebits(2)
      return [event(3), event(4)]
    })
    verifyEqual(
      { version, stored: await stored() },
      { version: 4, stored: [1, 102, 3, 4] },
      'Another client wrote version 2 while `decide` was running, and the second decision was to append two events. They should be versions 3 and 4, and `decideAndAppend` should resolve to 4. Return what `appendEvents` returned, whichever attempt it was.',
    )
  })
})
