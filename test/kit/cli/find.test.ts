import { describe, expect, test } from 'vitest'
import { newHome, programAt } from './program.ts'

describe('find', () => {
  test('a term that the lessons write differently leads to them through the glossary only', async () => {
    const { code, stdout } = await programAt(await newHome())('find', 'expected', 'version')
    expect(code).toBe(0)
    expect(stdout).toContain('Lessons: 07 Versions and races')
    expect(stdout).not.toContain('No lesson')
  })

  test('explains a word and names the lessons that use it', async () => {
    const { code, stdout, stderr } = await programAt(await newHome())('find', 'consumer', 'group')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^## Consumer group\n/)
    expect(stdout).toContain('• 10 Consumer groups, ')
    expect(stdout).not.toContain('.md)')
  })

  test.each(['optimistic', 'optim'])('one word of a term finds the term: %s', async (word) => {
    const { stdout } = await programAt(await newHome())('find', word)
    expect(stdout).toMatch(/^## Optimistic concurrency\n/)
  })

  test('shows no hint and no answer of a quiz', async () => {
    const eventlings = programAt(await newHome())
    // These words are in a hint of lesson 07 alone.
    expect(await eventlings('find', 'string.match(id')).toMatchObject({ code: 2, stdout: '' })
  })

  test('without a word, lists the glossary', async () => {
    const { code, stdout } = await programAt(await newHome())('find')
    expect(code).toBe(0)
    expect(stdout).toContain('Read model')
  })

  test("says what to try instead of a word that doesn't occur", async () => {
    const { code, stderr } = await programAt(await newHome())('find', 'chekpoint')
    expect(code).toBe(2)
    expect(stderr).toContain('Did you mean "checkpoint"?')
  })

  test('prints the same as JSON', async () => {
    const { stdout } = await programAt(await newHome())('find', 'upcaster', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      word: 'upcaster',
      glossary: { term: 'Upcaster' },
      lessons: expect.arrayContaining([expect.objectContaining({ slug: '22-schema-evolution' })]),
    })
  })
})
