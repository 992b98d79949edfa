import { test } from 'vitest'
import { attempt, call, verifyEqual } from '#kit'
import {
  counted,
  type EventStore,
  type Loaded,
  type Model,
  type StoreEvent,
  type Subject,
} from './subject.ts'

const S = 'order-1'

interface Sum {
  readonly sum: number
  readonly count: number
}

/** A model that counts the calls of its `evolve`, which is the only way to see that a snapshot saves work. */
function summing(version = 1, name = 'sum'): Model<Sum> & { asked: number } {
  const model = {
    name,
    version,
    initial: { sum: 0, count: 0 },
    asked: 0,
    evolve({ sum, count }: Sum, { payload }: StoreEvent) {
      model.asked += 1 // not `this`: a store may call the function on its own
      return { sum: sum + Number(payload.by ?? 0), count: count + 1 }
    },
  }
  return model
}

/** Checks that a state is the same with and without snapshots. */
export function snapshotsConform(subject: Subject): void {
  const load = (model: Model<Sum>, stream = S, store: EventStore = subject.open()) =>
    call('load', () => store.load(stream, model))
  const save = (model: Model<Sum>, loaded: Loaded<Sum>, stream = S) =>
    call('saveSnapshot', () => subject.open().saveSnapshot(stream, model, loaded))
  const append = (from: number, ...more: number[]) =>
    call('append', () =>
      subject.open().append(
        S,
        [from, ...more].map((n) => counted(n)),
        { expected: 'any' },
      ),
    )

  test('replays when there is no snapshot', async () => {
    verifyEqual(
      await load(summing()),
      { state: { sum: 0, count: 0 }, version: 0 },
      "The stream doesn't exist, so `load` should return the initial state at version 0.",
    )
    verifyEqual(
      await save(summing(), await load(summing())),
      true,
      'The state of a stream without events was saved, at version 0, and there was no other snapshot. `saveSnapshot` should store it and resolve to `true`.',
    )
    await subject.plant(S, 20)
    verifyEqual(
      await load(summing()),
      { state: { sum: 210, count: 20 }, version: 20 },
      'Twenty events raise the counter by 1, 2, and so on, up to 20. `load` should return the sum of all these numbers, at version 20.',
    )
  })

  test('upcasts old events', async () => {
    await subject.plant(S, 3)
    const today = subject.open({
      upcasters: { COUNTER_RAISED: [({ by, ...rest }) => ({ ...rest, by: 10 * Number(by) })] },
    })
    verifyEqual(
      await load(summing(), S, today),
      { state: { sum: 60, count: 3 }, version: 3 },
      "A store with an upcaster loaded three events of schema version 1. `evolve` should receive the upcast events, because today's code only works with those.",
    )
  })

  test('continues from the snapshot', async () => {
    await subject.plant(S, 10)
    const saved = await save(summing(), await load(summing()))
    verifyEqual(saved, true, '`saveSnapshot` should resolve to `true` if it stored the state.')
    verifyEqual(
      await load(summing()),
      { state: { sum: 55, count: 10 }, version: 10 },
      'A snapshot was taken at version 10, and no event followed. `load` should return the state and the version of the snapshot.',
    )
    await append(100, 200)
    const model = summing()
    verifyEqual(
      await load(model),
      { state: { sum: 355, count: 12 }, version: 12 },
      'A snapshot was taken at version 10, and two events followed. `load` should return the state with those two applied, each of them once.',
    )
    verifyEqual(
      model.asked,
      2,
      'A snapshot was taken at version 10, and two events followed. `load` should call `evolve` only for those two, because the snapshot makes the rest unnecessary.',
    )
  })

  test('survives the events', async () => {
    await subject.plant(S, 10)
    await save(summing(), await load(summing()))
    await append(100)
    await subject.trim(S, 1)
    verifyEqual(
      await load(summing()),
      { state: { sum: 155, count: 11 }, version: 11 },
      "The events that a snapshot covers were trimmed. `load` shouldn't need them.",
    )
  })

  test('returns the version of the last event', async () => {
    await subject.plant(S, 5)
    await subject.trim(S, 2)
    const loaded = await attempt('load', () => load(summing()))
    if (!loaded.ok) return // a history without its beginning may be refused
    verifyEqual(
      loaded.value.version,
      5,
      'The oldest three of five events were trimmed, and there is no snapshot. `load` should return the version of the last event, 5. Take it from the event: counting the events that were read only works if none is missing.',
    )
  })

  test('only moves forward', async () => {
    await subject.plant(S, 9)
    const early = await load(summing())
    await append(10, 11)
    await save(summing(), await load(summing()))
    const late = await save(summing(), early)
    const model = summing()
    const loaded = await load(model)
    verifyEqual(
      [loaded, model.asked],
      [{ state: { sum: 66, count: 11 }, version: 11 }, 0],
      'A slow writer saved a snapshot of version 9 when there was already one of version 11. The newer one should stay. (Compare them as numbers: as strings, `9` is greater than `11`.)',
    )
    verifyEqual(late, false, '`saveSnapshot` should resolve to `false` if a newer snapshot stays.')
  })

  test('ignores the snapshot of another model version', async () => {
    await subject.plant(S, 3)
    await save(summing(9), { state: { sum: -999, count: 3 }, version: 3 })
    verifyEqual(
      await load(summing(10)),
      { state: { sum: 6, count: 3 }, version: 3 },
      'The snapshot was made by version 9 of the model, and version 10 is loading. A state computed by version 9 means nothing to version 10, so replay the events.',
    )
    await subject.plant('order-2', 3)
    await save(summing(9), { state: { sum: -999, count: 3 }, version: 3 }, 'order-2')
    verifyEqual(
      [
        await save(summing(10), { state: { sum: 1, count: 1 }, version: 1 }, 'order-2'),
        await load(summing(10), 'order-2'),
      ],
      [true, { state: { sum: 6, count: 3 }, version: 3 }],
      "Version 10 of the model saved a snapshot at version 1 of the stream, when there was one from model version 9 at version 3. It should replace the old one, which is useless to the new model. Compare the model's version first, and as a number (as a string, `9` comes after `10`).",
    )
    await append(4)
    await save(summing(10), { state: { sum: 10, count: 4 }, version: 4 })
    verifyEqual(
      [await save(summing(9), { state: { sum: -999, count: 4 }, version: 4 }), await load(summing(10))],
      [false, { state: { sum: 10, count: 4 }, version: 4 }],
      "An old program, with version 9 of the model, saved a snapshot when there was already one of version 10. The newer model's snapshot should stay.",
    )
    await append(5)
    verifyEqual(
      [await save(summing(9), { state: { sum: -999, count: 5 }, version: 5 }), await load(summing(10))],
      [false, { state: { sum: 15, count: 5 }, version: 5 }],
      "An old program, with version 9 of the model, saved a snapshot at version 5 of the stream, when there was already one of model version 10 at version 4. The newer model's snapshot should stay. Compare the stream's versions only if the model's versions are the same.",
    )
    await save(summing(10), { state: { sum: -777, count: 4 }, version: 4 })
    verifyEqual(
      await load(summing(9)),
      { state: { sum: 15, count: 5 }, version: 5 },
      'The snapshot was made by version 10 of the model, and an old program with version 9 is loading. A newer version of the model is a different one, too, so replay the events.',
    )
  })

  test('has two versions of a model at once', async () => {
    await subject.plant(S, 3)
    const store = subject.open()
    await load(summing(1), S, store)
    const doubled = summing(2)
    const twice: Model<Sum> = {
      ...doubled,
      evolve: (state, event) => doubled.evolve(doubled.evolve(state, event), event),
    }
    verifyEqual(
      await call('load', () => store.load(S, twice)),
      { state: { sum: 12, count: 6 }, version: 3 },
      "A store loaded a stream with version 1 of a model, and then with version 2, whose `evolve` counts every event twice. The second state should come from the events and the second model's own `evolve`.",
    )
  })

  test('keeps a state that looks like nothing', async () => {
    await subject.plant(S, 2)
    for (const state of [0, '', false, null]) {
      const model = { name: 'odd', version: 1, initial: 'initial' as unknown, evolve: () => state as unknown }
      const store = subject.open()
      verifyEqual(
        await call('saveSnapshot', () => store.saveSnapshot(S, model, { state, version: 2 })),
        true,
        "`saveSnapshot` should store the state and resolve to `true`, even if there's already a snapshot with the same model version and stream version. Keep the stored one only if its version is higher.",
      )
      await subject.trim(S, 0)
      verifyEqual(
        await call('load', () => store.load(S, model)),
        { state, version: 2 },
        `The state \`${JSON.stringify(state)}\` was saved at version 2, and the events are gone. \`load\` should return it: \`0\`, \`''\`, \`false\`, and \`null\` are ordinary states, not a sign of damage.`,
      )
    }
  })

  test('keeps models and streams apart', async () => {
    await subject.plant('a', 2)
    await subject.plant('a:b', 3)
    await subject.plant('{a}:b', 4)
    for (const stream of ['a', 'a:b', '{a}:b']) {
      for (const name of ['sum', 'total'])
        await save(summing(1, name), await load(summing(1, name), stream), stream)
    }
    await save(summing(1, 'total'), { state: { sum: 77, count: 77 }, version: 2 }, 'a')
    verifyEqual(
      [
        await load(summing(), 'a'),
        await load(summing(), 'a:b'),
        await load(summing(), '{a}:b'),
        await load(summing(1, 'total'), 'a'),
      ],
      [
        { state: { sum: 3, count: 2 }, version: 2 },
        { state: { sum: 6, count: 3 }, version: 3 },
        { state: { sum: 10, count: 4 }, version: 4 },
        { state: { sum: 77, count: 77 }, version: 2 },
      ],
      'Two models have snapshots of three streams with similar names. Each model should find its own snapshot of each stream, and a new snapshot of the same version should replace the old one.',
    )
  })
}
