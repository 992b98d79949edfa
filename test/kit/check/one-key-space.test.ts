import { expect, test } from 'vitest'
import { KeyWatch } from '../../../src/check/kit/recorder/key-watch.ts'
import { OneKeySpace } from '../../../src/check/kit/recorder/one-key-space.ts'
import { type Change, fold, type KeyState, keysOf, undo } from '../../../src/recording/index.ts'

/** Servers whose keys a test sets by hand, as one recording sees them. */
function servers(count: number, areNodes: boolean) {
  const keys = new OneKeySpace()
  const changes: Change[] = []
  const all = Array.from({ length: count }, () => {
    const now = new Map<string, KeyState>()
    const watch = new KeyWatch({
      read: async (names) => new Map([...now].filter(([name]) => names.includes(name))),
      names: async () => [...now.keys()],
      async ping() {},
      forget() {},
    })
    keys.add(watch, areNodes)
    return {
      set: (key: string, ...items: readonly string[]) =>
        void now.set(key, { key, type: 'list', items: items.map((s) => ({ s })) }),
      del: (key: string) => void now.delete(key),
      learn: () => watch.learn([]),
      async look() {
        const found = keys.changes(watch, await watch.look('all'))
        changes.push(...found)
        return found.map((change) => [change.key, change.type])
      },
    }
  })
  const isWhole = () => {
    const { before, after } = keys.states
    expect(fold(before, [{ changes }])).toEqual(keysOf(after))
    expect(undo(keysOf(after), { changes })).toEqual(keysOf(before))
    return after.map((state) => [state.key, state.type === 'list' && state.items.map(({ s }) => s).join()])
  }
  return { all, isWhole }
}

test('a key that moves to another node is neither gone nor new', async () => {
  const { all, isWhole } = servers(2, true)
  const [a, b] = all
  if (a === undefined || b === undefined) throw new Error('two servers')
  a.set('log', '1')
  for (const one of all) await one.learn()
  b.set('log', '1')
  expect(await b.look()).toEqual([])
  a.del('log')
  expect(await a.look()).toEqual([])
  b.set('log', '1', '2')
  expect(await b.look()).toEqual([['log', 'list']])
  b.set('other', 'x')
  b.del('log')
  expect(await b.look()).toEqual([
    ['log', 'key'],
    ['other', 'key'],
  ])
  expect(isWhole()).toEqual([['other', 'x']])
})

test('a node that is seen late may have keys that were elsewhere before', async () => {
  const { all, isWhole } = servers(2, true)
  const [a, b] = all
  if (a === undefined || b === undefined) throw new Error('two servers')
  a.set('log', '1')
  await a.learn()
  a.del('log')
  await a.look()
  b.set('log', '1', '2')
  b.set('own', 'x')
  await b.learn()
  b.set('log', '1', '2', '3')
  await b.look()
  expect(isWhole()).toEqual([
    ['log', '1,2,3'],
    ['own', 'x'],
  ])
})

test('servers that have nothing to do with each other may have keys with the same name', async () => {
  const { all, isWhole } = servers(2, false)
  const [a, b] = all
  if (a === undefined || b === undefined) throw new Error('two servers')
  a.set('k', '1')
  b.set('k', '2')
  for (const one of all) await one.learn()
  b.set('k', '2', '3')
  await b.look()
  a.del('k')
  await a.look()
  b.set('k', '2', '3', '4')
  await b.look()
  expect(isWhole()).toEqual([['k', '2,3,4']])
})
