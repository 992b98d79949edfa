import { afterAll, beforeAll, expect, test } from 'vitest'
import { setLearnersFiles } from '../../../src/check/kit/learners-frames.ts'
import { callInCode, shorten, show, showCommand, showReply, words } from '../../../src/check/kit/show.ts'

const json = JSON.stringify({ text: 'She said "hi"' })

beforeAll(() => setLearnersFiles(['/course/workspace/01-events.ts']))
afterAll(() => setLearnersFiles([]))

test('JSON is shown as it is, wherever it appears', () => {
  expect(show(json)).toBe(`'{"text":"She said \\"hi\\""}'`)
  expect(show(['1-0', ['data', json]])).toBe(`[ '1-0', [ 'data', '{"text":"She said \\"hi\\""}' ] ]`)
  expect(show({ data: json })).toBe(`{ data: '{"text":"She said \\"hi\\""}' }`)
  expect(showReply([json])).toBe(`['{"text":"She said \\"hi\\""}']`)
  expect(showCommand('XADD', ['s', '*', 'data', json])).toBe(`XADD s * data '{"text":"She said \\"hi\\""}'`)
})

test("what a suite says in a value's place isn't quoted, so that no one returns it", () => {
  expect(show(words('3 readings'))).toBe('3 readings')
  expect(show('3 readings')).toBe("'3 readings'")
})

test('a string looks different from a number, and invisible characters are escaped', () => {
  expect(show('42')).toBe("'42'")
  expect(show(42)).toBe('42')
  expect(show("it's")).toBe(`"it's"`)
  expect(show('a\u0000b')).toBe("'a\\x00b'")
  expect(showCommand('SET', ["it's", 'a b', 'c\nd'])).toBe(`SET "it's" "a b" "c\\nd"`)
})

test('the name of a call is in code font, without what a test adds to it', () => {
  expect(callInCode('appendEvent')).toBe('`appendEvent`')
  expect(callInCode('new EventConsumer')).toBe('`new EventConsumer`')
  expect(callInCode('SnapshotStore.get')).toBe('`SnapshotStore.get`')
  expect(callInCode('ensureGroup, when the group exists')).toBe('`ensureGroup`, when the group exists')
  expect(callInCode('Your code')).toBe('Your code')
  expect(callInCode('a GET after publish')).toBe('a GET after publish')
})

test('nothing is cut inside an escape sequence or a character', () => {
  expect(shorten('abc\\"def', 4)).toBe('abc… (8 characters)')
  expect(shorten('abc\\\\def', 5)).toBe('abc\\\\… (8 characters)')
  expect(shorten('abc\\u00e9f', 7)).toBe('abc… (10 characters)')
  expect(shorten('abc😀', 4)).toBe('abc… (5 characters)')
})

test("an error is its name, its message, its fields, and the lines of the learner's file", () => {
  class ConflictError extends Error {
    override readonly name = 'ConflictError'
    readonly current = 3
  }
  const error = Object.assign(new ConflictError('at version 3'), { command: { name: 'xadd', args: [] } })
  error.stack = `ConflictError: at version 3
    at append (file:///course/workspace/01-events.ts:12:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async file:///course/workspace/01-events.ts:20:3
    at async outcomeOf (file:///course/.eventlings/cache/runtime-1/chunk.mjs:100:10)`
  const text = `ConflictError: at version 3 { current: 3 }
    at append (/course/workspace/01-events.ts:12:5)
    at /course/workspace/01-events.ts:20:3`
  expect(show(error)).toBe(text)
  expect(show([error, null])).toContain('ConflictError: at version 3 { current: 3 }')
  expect(show([error, null])).not.toMatch(/node:internal|cache/)
  expect(show(new Error('why', { cause: error }))).toMatch(/^Error: why\n {2}caused by ConflictError/)
})
