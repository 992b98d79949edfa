import { test } from 'vitest'
import { attempt, call, verify, verifyEqual } from '#kit'
import {
  counted,
  countedFrom,
  type EventStore,
  type LoggedEvent,
  numbers,
  type Subject,
  type Upcasters,
} from './subject.ts'

const S = 'order-1'
/** So long nobody has to wait for an event; only what never comes is waited for until then. */
const DEADLINE_MS = 3_000

/** Catches up, goes live, without a gap and without a double; stops when told to. */
export function subscribingConforms(subject: Subject): void {
  test('catches up with all streams', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    await subject.plant('order-2', 3)
    const listener = listen(subject.open())
    await listener.until(long + 3, `The log held ${long + 3} events of two streams`)
    await listener.stop()
    verifyEqual(
      listener.events.map(({ stream, version }) => [stream, version]),
      [...numbers(1, long).map((n) => [S, n]), ...numbers(1, 3).map((n) => ['order-2', n])],
      `The log held ${long + 3} events of two streams. subscribe should hand over each of them once, in the order of the log, from its beginning.`,
    )
    verifyEqual(
      listener.events.at(-1)?.event,
      counted(3),
      'subscribe should hand over the event itself in `event`, as it was written.',
    )
  })

  test('hands over one at a time', async () => {
    await subject.plant(S, 5)
    let [busy, most] = [0, 0]
    const listener = listen(subject.open(), {
      on: async () => {
        busy += 1
        most = Math.max(most, busy)
        await subject.logged()
        busy -= 1
      },
    })
    await listener.until(5, 'The log held five events')
    await listener.stop()
    verifyEqual(
      most,
      1,
      'The next event was handed over while the handler was still busy with the last. Await the handler: else events overtake each other.',
    )
  })

  test('goes live without a gap or a double', async () => {
    await subject.plant(S, 2)
    const writer = subject.open()
    const listener = listen(subject.open(), {
      // At the very end of the old events: what is written now is easily missed, or seen twice.
      on: async ({ version }) => {
        if (version === 2) await writer.append(S, countedFrom(3, 4), { expected: 2 })
        if (version === 4) await writer.append(S, [counted(5)], { expected: 4 })
      },
    })
    await listener.until(
      5,
      'Two events were old, and three were written while the last ones were being handled',
    )
    for (const n of [6, 7, 8]) {
      await call('append', () => writer.append(S, [counted(n)], { expected: n - 1 }))
      await listener.until(n, `Event ${n} was written when the subscription had caught up`)
    }
    await listener.stop()
    verifyEqual(
      listener.events.map(({ version }) => version),
      [1, 2, 3, 4, 5, 6, 7, 8],
      'Old events, events written at the end of the old ones, and new ones: each should come once and in order. One position for all three leaves no seam.',
    )
  })

  test('while many write', async () => {
    await subject.plant(S, 300)
    const listener = listen(subject.open())
    const written = await Promise.all(
      numbers(1, 20).map((n) =>
        attempt('append', () =>
          subject.open().append(`order-${n + 1}`, countedFrom(1, 2), { expected: 'none' }),
        ),
      ),
    )
    verify(
      written.every(({ ok }) => ok),
      'append failed while a subscription was catching up.',
      { received: written.find(({ ok }) => !ok) },
    )
    await listener.until(340, 'The log came to hold 340 events while it was read')
    await listener.stop()
    verifyEqual(
      listener.events.map(({ stream, version }) => ({ stream, version })),
      await subject.logged(),
      'Twenty writers appended while the subscription was catching up. It should hand over every event of the log, once and in its order.',
    )
  })

  test('goes on behind a position', async () => {
    await subject.plant(S, 3)
    const first = listen(subject.open())
    await first.until(3, 'The log held three events')
    await first.stop()
    const position = first.events[1]?.position
    verify(typeof position === 'string', 'subscribe should hand over the `position` of each event, a text.', {
      received: position,
    })
    const second = listen(subject.open(), { after: position })
    await second.until(1, 'One event stood behind the position')
    const { position: token } = await call('append', () =>
      subject.open().append(S, [counted(4)], { expected: 3 }),
    )
    await second.until(2, 'One event was written after that')
    await second.stop()
    verifyEqual(
      second.events.map(({ version }) => version),
      [3, 4],
      'A subscription after the position of event 2 should begin with event 3: not with 2, which was handled, nor with 1.',
    )
    const third = listen(subject.open())
    await third.until(4, 'Another subscription, without `after`, found four events in the log')
    await third.stop()
    verifyEqual(
      third.events.map(({ version }) => version),
      [1, 2, 3, 4],
      'Another subscription was begun without `after`. It should begin with the first event of the log, wherever earlier subscriptions of this program had got to: the position is what the caller hands over, not what the program remembers.',
    )
    verifyEqual(
      second.events[1]?.position,
      token,
      'append returned the position of its last event. The subscription should hand over that event with the same position: by it one waits for one’s own write.',
    )
  })

  test('ends with what the handler throws', async () => {
    await subject.plant(S, 3)
    const seen: number[] = []
    const stop = new AbortController()
    const outcome = await attempt(
      'subscribe',
      () =>
        subject.open().subscribe(
          ({ version }) => {
            seen.push(version)
            if (seen.length === 3) stop.abort() // one that goes on all the same should not wait for ever
            if (version === 2) throw new RangeError('handler failed')
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    stop.abort()
    verify(
      !outcome.ok && outcome.error instanceof RangeError,
      `The handler threw at the second event${seen.length > 2 ? ', and subscribe went on' : ''}. It should reject with that error, so that the caller hears of it and knows where to go on: an event that was not handled must not be passed over in silence.`,
      { received: outcome },
    )
    verifyEqual(seen, [1, 2], 'The handler threw at the second event. It should not be given the third.')
  })

  test('lifts old events', async () => {
    const upcasters: Upcasters = { COUNTER_RAISED: [({ by }) => ({ amount: by ?? null })] }
    const today = subject.open({ upcasters })
    await call('append', () => subject.open().append(S, [counted(1)], { expected: 0 }))
    await call('append', () => today.append(S, [counted(2, { amount: 2 })], { expected: 1 }))
    const listener = listen(subject.open({ upcasters }))
    await listener.until(2, 'The log held an event of schema version 1 and one of version 2')
    await listener.stop()
    verifyEqual(
      listener.events.map(({ event }) => event.payload),
      [{ amount: 1 }, { amount: 2 }],
      'The log held an event of schema version 1 and one of version 2, and the store has the upcaster between them. subscribe should hand over both as of version 2: the upcasters are for events from the log too, and only for those that lack their step.',
    )
    const stop = new AbortController()
    const seen: number[] = []
    const outcome = await attempt(
      'subscribe',
      () =>
        subject.open().subscribe(
          ({ version }) => {
            seen.push(version)
            if (version === 2) stop.abort()
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    verify(
      !outcome.ok && outcome.error instanceof subject.errors.UnknownSchemaError && seen.length === 1,
      'A program without upcasters came to an event of schema version 2 in the log. subscribe should reject with an UnknownSchemaError and not hand over what it cannot read.',
      { received: outcome.ok ? { seen } : outcome.error },
    )
  })

  test('stops when told to', async () => {
    const late = new AbortController()
    late.abort()
    const nothing = await attempt('subscribe', () =>
      subject.open().subscribe(() => {}, { signal: late.signal }),
    ).catch(() => undefined)
    verify(
      nothing?.ok === true,
      'The signal had aborted before subscribe was called, and the log was empty. subscribe should resolve at once, and it did not: an `abort` that has happened will not happen again for a listener. Look at `signal.aborted` before you wait.',
      { received: nothing },
    )
    await subject.plant(S, 3)
    await call('subscribe', () =>
      subject.open().subscribe(() => verify(false, TOO_LATE), { signal: late.signal }),
    )
    const seen: number[] = []
    const stop = new AbortController()
    await call(
      'subscribe',
      () =>
        subject.open().subscribe(
          ({ version }) => {
            seen.push(version)
            if (version === 2) stop.abort()
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    verifyEqual(
      seen,
      [1, 2],
      'The signal aborted while event 2 was being handled. The handler should not be given event 3.',
    )
  })
}

const TOO_LATE =
  'The signal had aborted before subscribe was called, and the handler was given an event all the same.'

interface Listener {
  readonly events: readonly LoggedEvent[]
  /** Until so many have been handled. */
  until(count: number, situation: string): Promise<void>
  stop(): Promise<void>
}

function listen(
  store: EventStore,
  options: { on?: (event: LoggedEvent) => Promise<void>; after?: string } = {},
): Listener {
  const events: LoggedEvent[] = []
  const stop = new AbortController()
  let progressed = () => {}
  const handler = async (event: LoggedEvent) => {
    await options.on?.(event)
    events.push(event)
    progressed()
  }
  const after = options.after === undefined ? {} : { after: options.after }
  const running = attempt('subscribe', () => store.subscribe(handler, { ...after, signal: stop.signal }), {
    background: true,
    seconds: 30,
  })
  let ended: Awaited<typeof running> | undefined
  let broken: unknown
  running
    .then((outcome) => {
      ended = outcome
    })
    .catch((error: unknown) => {
      broken = error
    })
    .finally(() => progressed())
  return {
    events,
    async until(count, situation) {
      const late = setTimeout(() => progressed(), DEADLINE_MS)
      const deadline = performance.now() + DEADLINE_MS
      try {
        while (events.length < count) {
          const next = new Promise<void>((resolve) => {
            progressed = resolve
          })
          if (broken !== undefined) throw broken
          if (ended !== undefined) {
            await call('subscribe', () => (ended?.ok === false ? Promise.reject(ended.error) : undefined))
            verify(
              false,
              `${situation}, and subscribe came back by itself. It should go on until its signal aborts.`,
            )
          }
          verify(
            performance.now() < deadline - 1,
            `${situation}, and of ${count} events only ${events.length} were handed over; then none came any more.`,
            { expected: count, received: events.length },
          )
          await next
        }
      } catch (error) {
        stop.abort()
        throw error
      } finally {
        clearTimeout(late)
      }
    },
    async stop() {
      const asked = performance.now()
      stop.abort()
      const outcome = await running
      verify(outcome.ok, 'The signal aborted. subscribe should resolve then, and it rejected.', {
        received: !outcome.ok && outcome.error,
      })
      verify(
        performance.now() - asked < 1_500,
        'The signal aborted, and subscribe came back only when its read had waited to its end. Cut the connection of the reader; it is its own.',
      )
    },
  }
}
