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
/** Time between two events after which the next one is late, in milliseconds. It only passes if that one never comes. */
const LATE_MS = 4_000
/** Turns that are left then, or for `stop`. On a busy machine, each takes as long as the commands that are being waited for. */
const TURNS = 30
/** Time after which a subscription that hasn't ended waits for something, in milliseconds. */
const ENDS_MS = 1_500

/** Checks that a subscription catches up and goes live without a gap or a duplicate, and stops when it's aborted. */
export function subscribingConforms(subject: Subject): void {
  test('catches up with all streams', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    await subject.plant('order-2', 3)
    const listener = listen(subject, subject.open())
    await listener.until(long + 3, `The log had ${long + 3} events of two streams`)
    await listener.stop()
    verifyEqual(
      listener.events.map(({ stream, version }) => [stream, version]),
      [...numbers(1, long).map((n) => [S, n]), ...numbers(1, 3).map((n) => ['order-2', n])],
      `The log had ${long + 3} events of two streams. \`subscribe\` should pass each of them to the handler once, in log order, from the beginning.`,
    )
    verifyEqual(
      listener.events.at(-1)?.event,
      counted(3),
      '`subscribe` should pass the event itself in `event`, as it was written.',
    )
  })

  test('passes on one event at a time', async () => {
    await subject.plant(S, 5)
    let [busy, most] = [0, 0]
    const listener = listen(subject, subject.open(), {
      on: async () => {
        busy += 1
        most = Math.max(most, busy)
        await subject.logged()
        busy -= 1
      },
    })
    await listener.until(5, 'The log had five events')
    await listener.stop()
    verifyEqual(
      most,
      1,
      '`subscribe` passed on the next event while the handler was still busy with the previous one. Await the handler. Otherwise, a later event may be handled before an earlier one.',
    )
  })

  test('goes live without a gap or a duplicate', async () => {
    await subject.plant(S, 2)
    const writer = subject.open()
    const listener = listen(subject, subject.open(), {
      // At the very end of the old events, a new event is easily missed or seen twice.
      on: async ({ version }) => {
        if (version === 2) await writer.append(S, countedFrom(3, 4), { expected: 2 })
        if (version === 4) await writer.append(S, [counted(5)], { expected: 4 })
      },
    })
    await listener.until(
      5,
      'There were two old events, and three more were written while the last ones were being handled',
    )
    for (const n of [6, 7, 8]) {
      await call('append', () => writer.append(S, [counted(n)], { expected: n - 1 }))
      await listener.until(n, `Event ${n} was written after the subscription had caught up`)
    }
    await listener.stop()
    verifyEqual(
      listener.events.map(({ version }) => version),
      [1, 2, 3, 4, 5, 6, 7, 8],
      'The log had old events, events written while the last old ones were being handled, and new ones. The handler should receive each of them once and in order. If you use a single position for all three, no event is missed or repeated where one kind ends and the next begins.',
    )
  })

  test('while many clients write', async () => {
    await subject.plant(S, 300)
    const listener = listen(subject, subject.open())
    const written = await Promise.all(
      numbers(1, 20).map((n) =>
        attempt('append', () =>
          subject.open().append(`order-${n + 1}`, countedFrom(1, 2), { expected: 'none' }),
        ),
      ),
    )
    verify(
      written.every(({ ok }) => ok),
      '`append` failed while a subscription was catching up.',
      { received: written.find(({ ok }) => !ok) },
    )
    await listener.until(340, 'The log grew to 340 events while it was being read')
    await listener.stop()
    verifyEqual(
      listener.events.map(({ stream, version }) => ({ stream, version })),
      await subject.logged(),
      'Twenty writers appended while the subscription was catching up. It should pass on every event of the log, once and in log order.',
    )
  })

  test('continues after a position', async () => {
    await subject.plant(S, 3)
    const first = listen(subject, subject.open())
    await first.until(3, 'The log had three events')
    await first.stop()
    const position = first.events[1]?.position
    verify(
      typeof position === 'string',
      '`subscribe` should pass the `position` of each event, as a string.',
      {
        received: position,
      },
    )
    const store = subject.open()
    const second = listen(subject, store, { after: position })
    await second.until(1, 'There was one event after the position')
    const { position: token } = await call('append', () =>
      subject.open().append(S, [counted(4)], { expected: 3 }),
    )
    await second.until(2, 'One event was written after that')
    verifyEqual(
      second.events.map(({ version }) => version),
      [3, 4],
      'A subscription that starts after the position of event 2 should begin with event 3. Events 1 and 2 have already been handled.',
    )
    const third = listen(subject, store)
    await third.until(
      4,
      'A second subscription of the same store was started, without `after`, when the log had four events and the first one was waiting for the next',
    )
    await second.stop()
    await call('append', () => subject.open().append(S, [counted(5)], { expected: 4 }))
    await third.until(
      5,
      'Of two subscriptions of one store, the first one ended, and then an event was written',
    )
    await third.stop()
    verifyEqual(
      third.events.map(({ version }) => version),
      [1, 2, 3, 4, 5],
      "Another subscription was started without `after`. It should begin with the first event of the log, no matter how far earlier subscriptions of this program had read. The position comes from the caller, not from the program's memory.",
    )
    verifyEqual(
      second.events[1]?.position,
      token,
      '`append` returned the position of its last event. The subscription should pass that event with the same position, because a caller uses it to wait for its own write.',
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
            if (seen.length === 3) stop.abort() // so that a subscription that continues anyway doesn't wait forever
            if (version === 2) throw new RangeError('handler failed')
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    stop.abort()
    verify(
      !outcome.ok && outcome.error instanceof RangeError,
      `The handler threw an error on the second event${seen.length > 2 ? ', but `subscribe` continued' : ''}. \`subscribe\` should reject with that error, so that the caller knows where to continue. An event that wasn't handled must not be skipped silently.`,
      { received: outcome },
    )
    verifyEqual(
      seen,
      [1, 2],
      "The handler threw an error on the second event. It shouldn't receive the third one.",
    )
    const silent = new AbortController()
    const noReason = await attempt(
      'subscribe',
      () =>
        subject.open().subscribe(
          ({ version }) => {
            if (version === 3) silent.abort() // so that a subscription that continues anyway doesn't wait forever
            return Promise.reject()
          },
          { signal: silent.signal },
        ),
      { background: true },
    )
    verify(
      !noReason.ok && noReason.error === undefined,
      "The handler's promise was rejected without a reason (`reject()`), and `subscribe` continued. It should reject with the same value, even if that's `undefined`: what counts is that the handler failed, not what it threw.",
      { received: noReason },
    )
    const both = new AbortController()
    const last = await attempt('subscribe', () =>
      subject.open().subscribe(
        () => {
          both.abort()
          throw new RangeError('handler failed')
        },
        { signal: both.signal },
      ),
    )
    verify(
      !last.ok && last.error instanceof RangeError,
      'The signal aborted while the handler was running, and then the handler threw, but `subscribe` resolved. It should reject with what the handler throws, even after the abort, or the caller believes that this event was handled.',
      { received: last },
    )
  })

  test('upcasts old events', async () => {
    const upcasters: Upcasters = { COUNTER_RAISED: [({ by }) => ({ amount: by ?? null })] }
    const today = subject.open({ upcasters })
    await call('append', () => subject.open().append(S, [counted(1)], { expected: 0 }))
    await call('append', () => today.append(S, [counted(2, { amount: 2 })], { expected: 1 }))
    const listener = listen(subject, subject.open({ upcasters }))
    await listener.until(2, 'The log had an event of schema version 1 and one of version 2')
    await listener.stop()
    verifyEqual(
      listener.events.map(({ event }) => event.payload),
      [{ amount: 1 }, { amount: 2 }],
      'The log had an event of schema version 1 and one of version 2, and the store has the upcaster from 1 to 2. `subscribe` should pass both in the form of version 2. The upcasters also apply to events from the log, but only to those that still need the step.',
    )
    await call('append', () => subject.open().append(S, [counted(3)], { expected: 2 }))
    const stop = new AbortController()
    const seen: number[] = []
    const outcome = await attempt(
      'subscribe',
      () =>
        subject.open().subscribe(
          ({ version }) => {
            seen.push(version)
            if (version > 1) stop.abort()
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    verify(
      // The readable event before it may be on the same page, which may be decoded as a whole.
      !outcome.ok &&
        outcome.error instanceof subject.errors.UnknownSchemaError &&
        seen.every((version) => version === 1),
      "A program without upcasters reached an event of schema version 2 in the log. `subscribe` should reject with an `UnknownSchemaError`, and neither pass on nor skip an event that it can't read.",
      { received: outcome.ok ? { seen } : outcome.error },
    )
  })

  test('stops when the signal aborts', async () => {
    const late = new AbortController()
    late.abort()
    const nothing = await attempt('subscribe', () =>
      subject.open().subscribe(() => {}, { signal: late.signal }),
    ).catch(() => undefined)
    verify(
      nothing?.ok === true,
      "The signal had aborted before `subscribe` was called, and the log was empty. `subscribe` should resolve immediately, but it didn't. An `abort` that has already happened doesn't fire again for a new listener, so check `signal.aborted` before you wait.",
      { received: nothing },
    )
    await subject.plant(S, 3)
    await call('subscribe', () =>
      subject.open().subscribe(() => verify(false, TOO_LATE), { signal: late.signal }),
    )
    const busy = new AbortController()
    let isDone = false
    const handler = async () => {
      await subject.logged()
      busy.abort()
      await subject.logged()
      isDone = true
    }
    await call('subscribe', () => subject.open().subscribe(handler, { signal: busy.signal }), {
      background: true,
    })
    verify(
      isDone,
      'The signal aborted while the handler was running, and `subscribe` resolved before the handler was done. If the caller then closes its connections, the handler loses them in the middle of its work. Resolve only when the handler is done.',
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
      "The signal aborted while event 2 was being handled. The handler shouldn't receive event 3.",
    )
  })

  test('has a handler that appends to the same store', async () => {
    await subject.plant(S, 1)
    const store = subject.open()
    const listener = listen(subject, store, {
      on: async ({ stream }) => {
        if (stream === S) await store.append('order-2', [counted(2)], { expected: 'none' })
      },
    })
    await listener.until(
      2,
      'While the handler was working on the first event, it appended another one to the same store',
    )
    await listener.stop()
  })
}

const TOO_LATE =
  'The signal had aborted before `subscribe` was called, but the handler received an event anyway. Check `signal.aborted` first.'

interface Listener {
  readonly events: readonly LoggedEvent[]
  /** Waits until this many events have been handled. */
  until(count: number, situation: string): Promise<void>
  stop(): Promise<void>
}

/** Lets what has arrived be handled, and makes a round trip. */
async function pause(subject: Subject): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  await subject.logged()
}

function listen(
  subject: Subject,
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
      let late: NodeJS.Timeout | undefined
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
              `${situation}, and \`subscribe\` resolved on its own. It should continue until its signal aborts.`,
            )
          }
          const before = events.length
          let isLate = false
          clearTimeout(late)
          late = setTimeout(() => {
            isLate = true
            progressed()
          }, LATE_MS)
          await next
          const comesNow = () => events.length > before || ended !== undefined || broken !== undefined
          for (let turn = 0; isLate && turn < TURNS && !comesNow(); turn += 1) await pause(subject)
          verify(
            !isLate || comesNow(),
            `${situation}, but \`subscribe\` only passed on ${events.length} of ${count} events, and then no more came.`,
            { expected: count, received: events.length },
          )
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
      for (let turn = 0; turn < TURNS || performance.now() - asked < ENDS_MS; turn += 1) {
        if (ended !== undefined || broken !== undefined) break
        await pause(subject)
      }
      const isLate = ended === undefined && broken === undefined
      const outcome = await running
      verify(outcome.ok, 'The signal aborted. `subscribe` should resolve then, but it rejected.', {
        received: !outcome.ok && outcome.error,
      })
      verify(
        !isLate,
        'The signal aborted, and `subscribe` resolved only after its read had timed out. Disconnect the reader, because nothing else uses it.',
      )
    },
  }
}
