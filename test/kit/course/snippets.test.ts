import { describe, expect, test } from 'vitest'
import { BadLessonError } from '../../../src/course/index.ts'
import { parseLesson } from '../../../src/course/parse.ts'
import { lessonFile, oneTask } from './course-folder.ts'

const fenced = (info: string, ...lines: readonly string[]) =>
  [`\`\`\`${info}`, ...lines, '```', ''].join('\n')
const parse = (text: string) => parseLesson('lessons/01-events.md', lessonFile({}, text), { needs: [] })
const snippetsOf = async (...blocks: readonly string[]) =>
  (await parse(`${blocks.join('\n')}\n${oneTask}`)).snippets

describe('snippets', () => {
  test('a transcript is commands with their replies', async () => {
    const block = fenced(
      'redis',
      '> RPUSH events:1 "a > b"',
      '(integer) 1',
      '> LRANGE events:1 0 -1',
      '1) "a > b"',
      '2) <any>',
      '',
      '> GET x',
      '(nil)',
    )
    expect(await snippetsOf(block)).toEqual([
      {
        kind: 'redis',
        fails: false,
        line: 7,
        commands: [
          { command: 'RPUSH events:1 "a > b"', reply: '(integer) 1' },
          { command: 'LRANGE events:1 0 -1', reply: '1) "a > b"\n2) <any>' },
          { command: 'GET x', reply: '(nil)' },
        ],
      },
    ])
  })

  test('a transcript that fails says so, even for an error inside an array', async () => {
    const plain = fenced('redis fails', '> LPUSH s x', '(error) WRONGTYPE Operation against a key')
    const nested = fenced('redis  fails', '> EXEC', '1) OK', '2) (error) WRONGTYPE Operation')
    expect(await snippetsOf(plain, nested)).toMatchObject([{ fails: true }, { fails: true }])
  })

  test('code that runs has the output below it', async () => {
    const blocks = [
      fenced('ts run', 'console.log(1)', '', 'console.log(2)'),
      fenced('output', '1', '2'),
      fenced('ts run', 'await redis.ping()'),
      fenced('ts', 'shown only'),
      fenced('ts run fails', 'throw new Error("no")'),
      fenced('output', 'Error: no'),
      fenced('ts run', 'await redis.flushdb()'),
      fenced('output', ''),
    ]
    expect(await snippetsOf(...blocks)).toMatchObject([
      { kind: 'ts', code: 'console.log(1)\n\nconsole.log(2)', output: '1\n2', fails: false },
      { kind: 'ts', code: 'await redis.ping()', output: undefined, fails: false },
      { kind: 'ts', code: 'throw new Error("no")', output: 'Error: no', fails: true },
      { kind: 'ts', output: '' },
    ])
  })

  test('a speaker note between code and its output separates nothing', async () => {
    const note = '<!-- note: Ask what comes. -->\n'
    expect(await snippetsOf(fenced('ts run', 'console.log(1)'), note, fenced('output', '1'))).toMatchObject([
      { kind: 'ts', code: 'console.log(1)', output: '1' },
    ])
  })

  test('they are found in lists and hints too, in text order', async () => {
    const text = `- item

  \`\`\`redis
  > PING
  PONG
  \`\`\`

## Task 1 · a
### Hints
1. Try it.

   \`\`\`ts run
   if (true) {
     console.log(1)
   }
   \`\`\`
   \`\`\`output
   1
   \`\`\`
`
    const { snippets } = await parse(text)
    expect(snippets).toMatchObject([
      { kind: 'redis', commands: [{ command: 'PING', reply: 'PONG' }] },
      { kind: 'ts', code: 'if (true) {\n  console.log(1)\n}', output: '1' },
    ])
    const lines = lessonFile({}, text).split('\n')
    expect(snippets.map(({ line }) => lines[line - 1]?.trim())).toEqual(['```redis', '```ts run'])
  })

  test.each([
    ['a mistyped mark', fenced('redis fail', '> PING', 'PONG'), `"redis fail" isn't a kind of block.`],
    ['a mark in another order', fenced('ts fails run', 'x'), `"ts fails run" isn't a kind of block.`],
    ['no command', fenced('redis', ''), 'has no command'],
    ['a reply without a command', fenced('redis', 'PONG'), 'starts with a command'],
    [
      'a command without a reply',
      fenced('redis', '> PING', '> PING', 'PONG'),
      'prints for "PING" on the next line',
    ],
    [
      'an error not announced',
      fenced('redis', '> X', '(error) ERR unknown'),
      'An error is shown: add "fails".',
    ],
    ['an announced error that never comes', fenced('redis fails', '> PING', 'PONG'), 'remove "fails"'],
    ['output of nothing', fenced('output', '1'), 'belongs right below a "ts run" block'],
    [
      'output of code that does not run',
      fenced('ts', 'x') + fenced('output', '1'),
      'belongs right below a "ts run" block',
    ],
    [
      'output far below',
      `${fenced('ts run', 'x')}\ntext\n\n${fenced('output', '1')}`,
      'belongs right below a "ts run" block',
    ],
  ])('%s', async (_what, block, problem) => {
    const error = await snippetsOf(block).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BadLessonError)
    expect(error).toMatchObject({ field: 'snippets', problem: expect.stringContaining(problem) })
  })
})
