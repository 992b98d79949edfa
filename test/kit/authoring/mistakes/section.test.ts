import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mistakeFor, wrongAnswer } from '../../../../src/authoring/mistakes/answer.ts'
import { formatMistake, type Mistake, parseMistakes } from '../../../../src/authoring/mistakes/section.ts'

const mistake: Mistake = {
  name: 'clock-as-id',
  task: 'appendEvent',
  says: 'The entry of `version` n should have the id: <version>-0',
  base: 'solution',
  notOnEmbedded: undefined,
  block: '-  old\n+  new\n',
}

describe('a section', () => {
  test.each<[string, Partial<Mistake>]>([
    ['a diff against the solution', {}],
    [
      'one against a right answer, not for the embedded Redis',
      { base: 'scripts', notOnEmbedded: 'too slow' },
    ],
    ['a complete file', { base: 'whole', block: "import 'ioredis'\n\nexport {}\n" }],
    ['code with fences in it', { block: '-a\n\n+ ```\n+````\n' }],
  ])('%s comes back as it was written', async (_what, change) => {
    const one = { ...mistake, ...change }
    const text = `# Mistakes in 07\n\n${formatMistake(one)}\n${formatMistake({ ...one, name: 'another' })}`
    expect(await parseMistakes(text)).toEqual([one, { ...one, name: 'another' }])
  })

  test('may explain itself to a reader', async () => {
    const [head, ...rest] = formatMistake(mistake).split('\n\n')
    expect(await parseMistakes(`${head}\n\nPeople think that ids are free.\n\n${rest.join('\n\n')}`)).toEqual(
      [mistake],
    )
  })

  const fence = '\n```diff\n-a\n```\n'
  test.each([
    [`## a\n- says: x\n${fence}`, 'no line "- task: <name of the task>"'],
    [`## a\n- task: x\n${fence}`, 'no line "- says: <words of the diagnosis>"'],
    [`## a\n- task: x\n- say: x\n${fence}`, `"- say: x" isn't one of "- task: …"`],
    ['## a\n- task: x\n- says: x\n', 'exactly one code block, marked `diff`'],
    [`## a\n- task: x\n- says: x\n${fence}${fence}`, 'exactly one code block'],
    [`## a\n- task: x\n- says: x\n- base: whole\n${fence}`, 'marked `ts`'],
    [`## A name\n- task: x\n- says: x\n${fence}`, 'lowercase letters, digits, and dashes'],
  ])('%j is broken', async (text, problem) => {
    expect(await parseMistakes(text)).toEqual([
      expect.objectContaining({ problem: expect.stringContaining(problem) }),
    ])
  })

  test('two with the same name', async () => {
    const [, second] = await parseMistakes(`${formatMistake(mistake)}\n${formatMistake(mistake)}`)
    expect(second).toEqual({ name: 'clock-as-id', problem: 'There are two sections with this name.' })
  })
})

describe('the section for a file', () => {
  const { base: _base, block: _block, ...about } = mistake
  const bases = new Map([
    ['solution', 'a\nb\nc\n'],
    ['script', 'one\ntwo\nthree\n'],
  ])

  test.each([
    ['a\nB\nc\n', 'solution', '-b\n+B\n'],
    ['one\ntwo\n3\n', 'script', '-three\n+3\n'],
    ['something\nelse\n', 'whole', 'something\nelse\n'],
    ['a\nb\nc\n', 'whole', 'a\nb\nc\n'],
  ])('%j starts from the nearest base', (text, base, block) => {
    expect(mistakeFor(text, about, bases)).toEqual({ ...about, base, block })
  })

  test('restores the file', async () => {
    const lines = fc
      .array(fc.constantFrom('', '```', '## a', 'a', 'b', 'c', 'one', '- task: x'), { minLength: 1 })
      .map((all) => all.map((line) => `${line}\n`).join(''))
    await fc.assert(
      fc.asyncProperty(lines, lines, async (solution, text) => {
        const given = new Map([['solution', solution]])
        const [read] = await parseMistakes(formatMistake(mistakeFor(text, about, given)))
        expect(read !== undefined && 'block' in read && wrongAnswer(read, given)).toBe(text)
      }),
    )
  })

  test('a missing or changed base is named', () => {
    expect(() => wrongAnswer({ ...mistake, base: 'gone' }, bases)).toThrow(
      `Its base "gone" isn't one of solution, script, whole.`,
    )
    expect(() => wrongAnswer(mistake, bases)).toThrow("Its base doesn't have these lines: `old`")
  })
})
