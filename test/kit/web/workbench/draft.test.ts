import { expect, test } from 'vitest'
import { type Draft, meaningOf, withSent } from '../../../../src/web/client/workbench/draft.ts'

const draft: Draft = { base: 'h1', baseText: 'one' }

test.each([
  ['the version it is based on', draft, 'one, and more', { hash: 'h1', text: 'one' }, 'known'],
  [
    'what this page has sent',
    { ...draft, sent: ['two'] },
    'two, and more',
    { hash: 'h2', text: 'two' },
    'ours',
  ],
  ['the same words from another page', draft, 'two', { hash: 'h2', text: 'two' }, 'ours'],
  ['another version, and nothing was typed here', draft, 'one', { hash: 'h2', text: 'two' }, 'take'],
  ['another version, while something was typed here', draft, 'one!', { hash: 'h2', text: 'two' }, 'conflict'],
  [
    'a file that was created while this page had none',
    { base: null, baseText: '' },
    'mine',
    { hash: 'h2', text: 'two' },
    'conflict',
  ],
] as const)('the file is %s', (_, before, text, file, meaning) => {
  expect(meaningOf(before, text, file)).toBe(meaning)
})

test('of the versions that got no reply, the file may have the first or the last one', () => {
  const sent = ['two', 'two', 'three', 'four'].reduce(withSent, draft)
  expect(sent).toEqual({ ...draft, sent: ['two', 'four'] })
})
