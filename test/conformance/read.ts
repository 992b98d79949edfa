import { test } from 'vitest'
import { attempt, call, verify, verifyEqual, words } from '#kit'
import { STRANGE_NAMES } from './append.ts'
import {
  counted,
  type EventStore,
  numbers,
  type Payload,
  type StoredEvent,
  type Subject,
  type Upcasters,
} from './subject.ts'

const S = 'order-1'

export const readAll = (store: EventStore, stream: string, after?: number) =>
  call('read', async () => {
    const events: StoredEvent[] = []
    for await (const page of after === undefined ? store.read(stream) : store.read(stream, after)) {
      verify(
        page.length > 0,
        '`read` yielded an empty page. A page has at least one event. Without events, there should be no pages.',
      )
      events.push(...page)
    }
    return events
  })

/** Checks reading in pages and in order, after trims, while others write, and through upcasters. */
export function readingConforms(subject: Subject): void {
  const versions = async (after?: number) =>
    (await readAll(subject.open(), S, after)).map(({ version }) => version)

  test('returns the events as they were', async () => {
    await subject.plant(S, 3)
    verifyEqual(
      await readAll(subject.open(), S),
      [
        { stream: S, version: 1, event: counted(1) },
        { stream: S, version: 2, event: counted(2) },
        { stream: S, version: 3, event: counted(3) },
      ],
      'The stream `order-1` has three events. `read` should yield all of them, oldest first, each with `stream`, `version` (a number), and `event` (exactly as it was appended).',
    )
    verifyEqual(
      await readAll(subject.open(), 'order-2'),
      [],
      "For a stream that doesn't exist, `read` should yield no pages.",
    )
  })

  test('begins after a version', async () => {
    await subject.plant(S, 11)
    verifyEqual(
      [await versions(0), await versions(9), await versions(11), await versions(20)],
      [numbers(1, 11), [10, 11], [], []],
      'The stream is at version 11. `read(stream, 9)` should yield versions 10 and 11, but not 9 itself. `read(stream, 0)` should yield all of them, and `read(stream, 11)` or higher should yield none.',
    )
  })

  test('reads to the end', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    verifyEqual(
      await versions(),
      numbers(1, long),
      `The stream has ${long} events, which is more than a page. \`read\` should yield each of them once, in order, through the last one.`,
    )
    const pages = await call('read', async () => {
      const kept: (readonly StoredEvent[])[] = []
      for await (const page of subject.open().read(S)) kept.push(page)
      return kept
    })
    verifyEqual(
      pages.flat().map(({ version }) => version),
      numbers(1, long),
      'A caller kept all pages, and in the end they no longer had the events that they had when `read` yielded them. A page belongs to the caller, so use a new array for each.',
    )
    const first = await call('read', async () => {
      for await (const page of subject.open().read(S)) return page[0]?.version
      return undefined
    })
    verifyEqual(first, 1, 'A caller that stops after the first page should have seen version 1.')
  })

  test('has two readers at once', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    await subject.plant('order-2', 3)
    const store = subject.open()
    const found: number[] = []
    await call('read', async () => {
      for await (const page of store.read(S)) {
        found.push(...page.map(({ version }) => version))
        for await (const _ of store.read('order-2'));
      }
    })
    verifyEqual(
      found,
      numbers(1, long),
      'After each page of `order-1`, the caller read `order-2` with the same store, and `order-1` was no longer complete. Each call to `read` needs a page and a position of its own: keep them in local variables of `read`, not in the store.',
    )
  })

  test('returns what a trim has left', async () => {
    await subject.plant(S, 5)
    await subject.trim(S, 2)
    verifyEqual(
      await versions(),
      [4, 5],
      'The oldest three of five events were trimmed. `read` should yield versions 4 and 5.',
    )
    verifyEqual(
      [await versions(4), await versions(1)],
      [[5], [4, 5]],
      'The oldest three of five events were trimmed. `read(stream, 4)` should only yield version 5, and `read(stream, 1)` should yield what is left, 4 and 5. `after` is a version, not a number of events to skip.',
    )
    await subject.trim(S, 0)
    verifyEqual(await versions(), [], 'All events of the stream were trimmed. `read` should yield no pages.')
    const { long } = subject.sizes
    await subject.plant('order-2', long)
    await subject.trim('order-2', 2)
    verifyEqual(
      (await readAll(subject.open(), 'order-2')).map(({ version }) => version),
      [long - 1, long],
      `All but the last two of ${long} events were trimmed, which is more than a page. \`read\` should yield these two. A range of versions without an event isn't the end of the stream: request the next events after a version, however far away they are.`,
    )
  })

  test('while other clients write', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    const [reader, writer] = [subject.open(), subject.open()]
    const found: number[] = []
    await call('read', async () => {
      for await (const page of reader.read(S)) {
        found.push(...page.map(({ version }) => version))
        if (found.length < long) await writer.append(S, [counted(1), counted(2)], { expected: 'any' })
      }
    })
    verifyEqual(
      found,
      numbers(1, Math.max(long, found.length)),
      `While ${long} events were read page by page, more were appended. \`read\` should yield every event that was there at the beginning, each once and in order. If it yields newer ones too, they should follow without a gap.`,
    )
  })

  test('reads streams of any name', async () => {
    const payload = { text: 'Grüße, 世界 👩‍👩‍👧 \u0000 "quoted"' }
    for (const name of STRANGE_NAMES) {
      await call('append', () => subject.open().append(name, [counted(1, payload)], { expected: 'none' }))
      verifyEqual(
        await readAll(subject.open(), name),
        [{ stream: name, version: 1, event: counted(1, payload) }],
        `\`read\` should return the event that was appended to the stream \`${JSON.stringify(name)}\`, unchanged.`,
      )
    }
  })

  test('upcasts old events', async () => {
    const lift: Upcasters = {
      COUNTER_RAISED: [
        ({ by, ...rest }) => ({ ...rest, amount: by ?? null }),
        (payload) => ({ ...payload, unit: 'pieces' }),
      ],
    }
    const [old, middle, today] = [
      subject.open(),
      subject.open({ upcasters: { COUNTER_RAISED: [lift.COUNTER_RAISED?.[0] ?? ((payload) => payload)] } }),
      subject.open({ upcasters: lift }),
    ]
    await call('append', () => old.append(S, [counted(1)], { expected: 0 }))
    await call('append', () => middle.append(S, [counted(2, { amount: 2 })], { expected: 1 }))
    await call('append', () => today.append(S, [counted(3, { amount: 3, unit: 'boxes' })], { expected: 2 }))
    await attempt('read', () => readAll(today, S))
    verifyEqual(
      lift.COUNTER_RAISED?.length,
      2,
      'There were two upcasters for `COUNTER_RAISED`, and after `read` there are fewer, so the next event of that type goes through too few of them. `splice` and `shift` change the array; `slice` leaves it as it is.',
    )
    verifyEqual(
      (await readAll(today, S)).map(({ event }) => event.payload),
      [
        { amount: 1, unit: 'pieces' },
        { amount: 2, unit: 'pieces' },
        { amount: 3, unit: 'boxes' },
      ],
      'A store with two upcasters read events of schema versions 1, 2, and 3. Each event should go through the steps that it still needs, and through no others.',
    )
    verifyEqual(
      (await readAll(today, S)).map(({ event }) => ({ ...event, payload: {} })),
      [1, 2, 3].map((n) => counted(n, {})),
      'An upcaster only converts the payload. All other fields of an event (`eventId`, `timestamp`, `metadata`, …) should stay as they were written.',
    )
    verifyEqual(
      (await subject.stored(S)).map(({ event }) => event.payload),
      [{ by: 1 }, { amount: 2 }, { amount: 3, unit: 'boxes' }],
      'Upcasters only change what `read` returns. The events in the stream should stay as they were written.',
    )
    const other = { ...counted(1), eventType: 'COUNTER_CLEARED' }
    await call('append', () => today.append('order-2', [other], { expected: 0 }))
    const outcome = await attempt('read', () => readAll(old, 'order-2'))
    verify(
      outcome.ok,
      'A store with upcasters for `COUNTER_RAISED` appended a `COUNTER_CLEARED`, which has none, so its schema version is 1. A program without upcasters should be able to read it. Count the upcasters of that event type only.',
      { received: !outcome.ok && outcome.error },
    )
    const { UnknownSchemaError } = subject.errors
    let future: unknown
    await call('read', async () => {
      try {
        for await (const _ of old.read(S));
      } catch (error) {
        future = error
      }
    })
    verify(
      future instanceof UnknownSchemaError &&
        future.eventType === 'COUNTER_RAISED' &&
        future.schemaVersion === 2,
      'A program without upcasters read an event of schema version 2. `read` should throw an `UnknownSchemaError` with `eventType` and `schemaVersion`.',
      { received: future },
    )
  })
  test('a newer schema version on a later page', async () => {
    const { long } = subject.sizes
    await subject.plant(S, long)
    const newer = subject.open({ upcasters: { COUNTER_RAISED: [(payload: Payload) => payload] } })
    await call('append', () => newer.append(S, [counted(long + 1)], { expected: long }))
    const outcome = await attempt('read', async () => {
      for await (const _ of subject.open().read(S));
    })
    verify(
      !outcome.ok && outcome.error instanceof subject.errors.UnknownSchemaError,
      `A program without upcasters read ${long + 1} events, and the last one has schema version 2. \`read\` should throw an \`UnknownSchemaError\` on any page, not only on the first one. If it just ends, the caller mistakes the events before that one for the whole stream.`,
      {
        expected: words('an UnknownSchemaError'),
        received: outcome.ok ? 'the end of the stream' : outcome.error,
      },
    )
  })

  test('the tenth schema version', async () => {
    const step = (payload: Payload) => payload
    const newer = subject.open({ upcasters: { COUNTER_RAISED: Array.from({ length: 9 }, () => step) } })
    await call('append', () => newer.append(S, [counted(1)], { expected: 0 }))
    const older = subject.open({ upcasters: { COUNTER_RAISED: [step] } })
    let thrown: unknown
    await call('read', async () => {
      try {
        for await (const _ of older.read(S));
      } catch (error) {
        thrown = error
      }
    })
    verify(
      thrown instanceof subject.errors.UnknownSchemaError && thrown.schemaVersion === 10,
      'An event of schema version 10 was read by a program whose current one is 2. `read` should throw an `UnknownSchemaError` with the `schemaVersion` 10, as a number. (If you compare schema versions, compare numbers: as strings, `10` comes before `2`.)',
      { received: thrown },
    )
  })
}
