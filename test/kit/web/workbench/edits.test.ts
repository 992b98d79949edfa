import { expect, test } from 'vitest'
import { editsOf } from '../../../../src/web/client/workbench/edits.ts'

/** A browser's storage. */
function newStore() {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

test('edits survive a reload of the page, and each lesson has its own', () => {
  const store = newStore()
  const before = editsOf('01-events', store)
  expect(before.open(1, 'PING')).toBeUndefined()
  before.set(1, 'ECHO mine')
  expect(editsOf('01-events', store).open(1, 'PING')).toBe('ECHO mine')
  expect(editsOf('02-list-store', store).open(1, 'PING')).toBeUndefined()
})

test('only those up to a snippet are sent with it', () => {
  const edits = editsOf('01-events', newStore())
  for (const number of [1, 2, 3]) {
    edits.open(number, 'PING')
    edits.set(number, `ECHO ${number}`)
  }
  expect(edits.upTo(2)).toEqual({ 1: 'ECHO 1', 2: 'ECHO 2' })
})

test('what the lesson has is dropped, and leaves nothing in the storage', () => {
  const store = newStore()
  const edits = editsOf('01-events', store)
  edits.open(1, 'PING')
  edits.set(1, 'ECHO mine')
  edits.set(1, 'PING')
  expect(edits.upTo(1)).toEqual({})
  expect(store.items.size).toBe(0)
})

test("an edit of a snippet that the lesson doesn't have anymore is left out", () => {
  const store = newStore()
  const edits = editsOf('01-events', store)
  edits.open(1, 'PING')
  edits.set(1, 'ECHO mine')
  const later = editsOf('01-events', store)
  expect(later.open(1, 'DBSIZE')).toBeUndefined()
  expect(later.upTo(1)).toEqual({})
})

test.each(['{', 'null', '[]', '{"1":{"text":1}}', '{"1":null}'])(
  'a damaged storage is ignored: %s',
  (found) => {
    const store = newStore()
    store.items.set('eventlings snippets 01-events', found)
    expect(editsOf('01-events', store).open(1, 'PING')).toBeUndefined()
  },
)

test('where nothing can be kept, edits last as long as the page', () => {
  const fail = () => {
    throw new Error('QuotaExceededError')
  }
  const edits = editsOf('01-events', { getItem: fail, setItem: fail, removeItem: fail })
  edits.open(1, 'PING')
  edits.set(1, 'ECHO mine')
  expect(edits.upTo(1)).toEqual({ 1: 'ECHO mine' })
})

test('two tabs keep the edits of each other', () => {
  const store = newStore()
  const open = () => {
    const edits = editsOf('01-events', store)
    return { ...edits, shown: [edits.open(1, 'PING'), edits.open(2, 'PING')] }
  }
  const [here, there] = [open(), open()]
  there.set(2, 'ECHO there')
  here.set(1, 'ECHO here')
  expect(open().shown).toEqual(['ECHO here', 'ECHO there'])
  here.set(1, 'PING')
  expect(open().shown).toEqual([undefined, 'ECHO there'])
})
