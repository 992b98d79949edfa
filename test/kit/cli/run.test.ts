import { describe, expect, test } from 'vitest'
import { newHome, programAt } from './program.ts'

describe('eventlings run', () => {
  test('runs one snippet on the data of the ones before it, and prints its output', async () => {
    const { code, stdout, stderr } = await programAt(await newHome())('run', '02', '2')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Snippet 2 of \d+ · lessons\/02-list-store\.md:\d+\n\n {2}> RPUSH events:user-43/)
    expect(stdout).toContain('(empty array)')
    expect(stdout).not.toContain('email-changed')
    expect(stdout).toContain('On an embedded imitation of Redis')
  })

  test('runs all in order, with code above its output', async () => {
    const { code, stdout } = await programAt(await newHome())('run', '02')
    expect(code).toBe(0)
    expect(stdout.match(/^Snippet \d/gm)?.length).toBeGreaterThan(3)
    expect(stdout).toMatch(/console\.log\(heard\)\n\nPrints:\n\n {2}\[ 'second' \]/)
  })

  test('--json prints the same as data', async () => {
    const { code, stdout } = await programAt(await newHome())('run', '05', '1', '--json')
    expect(code).toBe(0)
    const { snippets, redis } = JSON.parse(stdout)
    expect(redis.kind).toBe('embedded')
    expect(snippets).toHaveLength(1)
    expect(snippets[0]).toMatchObject({ number: 1, kind: 'redis', asShown: true })
    expect(snippets[0].ran[0]).toMatchObject({ code: expect.stringMatching(/^XADD/), output: '"5-0"' })
  })

  test.each([
    [['run', '02', '99'], 'Lesson 02 has no snippet 99.'],
    [['run', '02', 'two'], 'A snippet takes a whole number of 1 or more, not "two".'],
    [['run', '99'], 'No lesson matches "99".'],
    [['run'], 'Which lesson?'],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await programAt(await newHome())(...args)
    expect(stderr).toContain(sentence)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('eventlings quiz without a terminal', () => {
  test('prints the questions without their answers, and says what to do', async () => {
    const { code, stdout } = await programAt(await newHome())('quiz', '02')
    expect(code).toBe(0)
    expect(stdout).toContain('# Quiz · A list-based store')
    expect(stdout).toMatch(/^To answer them one by one, in a terminal: npx eventlings quiz 02$/m)
    expect(stdout).not.toContain('Right')
  })

  test('--answers prints them with their reasons', async () => {
    const { stdout } = await programAt(await newHome())('quiz', '02', '--answers')
    expect(stdout).toMatch(/Right: [\s\S]*Redis begins only when EXEC|Right: [\s\S]*`EXEC`/)
  })

  test('--json leaves out the answers, too, except on request', async () => {
    const eventlings = programAt(await newHome())
    const [first] = JSON.parse((await eventlings('quiz', '02', '--json')).stdout).questions
    expect(Object.keys(first.answers[0])).toEqual(['text'])
    const [told] = JSON.parse((await eventlings('quiz', '02', '--json', '--answers')).stdout).questions
    expect(told.answers.some(({ right }: { right: boolean }) => right)).toBe(true)
  })
})
