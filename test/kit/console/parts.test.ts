import { describe, expect, test } from 'vitest'
import {
  matchesOutput,
  printReply,
  type Reply,
  splitCommand,
  UnclosedQuoteError,
} from '../../../src/snippets/index.ts'

describe('a command line is split as redis-cli splits it', () => {
  test.each([
    ['SET a b', ['SET', 'a', 'b']],
    ['SET  a   "b c"  ', ['SET', 'a', 'b c']],
    [`SET a '{"x":1}'`, ['SET', 'a', '{"x":1}']],
    ['SET a "line\\nnext \\"quoted\\" \\x41"', ['SET', 'a', 'line\nnext "quoted" A']],
    [`SET a 'it\\'s'`, ['SET', 'a', "it's"]],
    ['SET a ""', ['SET', 'a', '']],
    ['', []],
  ])('%s', (line, args) => expect(splitCommand(line)).toEqual(args))

  test('an unclosed quote is reported', () => {
    expect(() => splitCommand('SET a "b')).toThrow(UnclosedQuoteError)
  })
})

describe('a reply is printed as redis-cli prints it', () => {
  const bulk = (text: string): Reply => ({ kind: 'bulk', text })
  test.each<[Reply, string]>([
    [{ kind: 'status', text: 'OK' }, 'OK'],
    [bulk('OK'), '"OK"'],
    [bulk('say "é"\n\u0001'), '"say \\"é\\"\\n\\x01"'],
    [{ kind: 'integer', text: '3' }, '(integer) 3'],
    [{ kind: 'nil' }, '(nil)'],
    [{ kind: 'error', text: 'ERR no' }, '(error) ERR no'],
    [{ kind: 'array', items: [] }, '(empty array)'],
    [
      {
        kind: 'array',
        items: [
          { kind: 'array', items: [bulk('1-0'), { kind: 'array', items: [bulk('f'), bulk('v')] }] },
          { kind: 'nil' },
        ],
      },
      '1) 1) "1-0"\n   2) 1) "f"\n      2) "v"\n2) (nil)',
    ],
  ])('%j', (reply, text) => expect(printReply(reply)).toBe(text))
})

describe('the output in a lesson is compared with the actual output', () => {
  test('placeholders stand for what differs from run to run', () => {
    const shown = '1) "<id>"\n2) <uuid>\n3) <time> took <ms> ms\n4) <any>'
    const came =
      '1) "1700000000000-0"\n2) 0b7f3a52-6f0a-4c1e-9d3b-000000000001\n3) 2026-05-02T09:14:07.120Z took 1.5 ms\n4) what ever'
    expect(matchesOutput(shown, came)).toBe(true)
    expect(matchesOutput('"<id>"', '"1700000000000"')).toBe(false)
  })

  test('everything else is compared letter for letter, except for spaces at line ends', () => {
    expect(matchesOutput('a  \nb', 'a\nb\n')).toBe(true)
    expect(matchesOutput('a.b', 'axb')).toBe(false)
    expect(matchesOutput('a', 'a\nb')).toBe(false)
  })
})
