import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../../src/common/own-folder.ts'
import { audit } from '../../../bench/prose/audit.ts'
import { readMarkdown } from '../../../bench/prose/read-markdown.ts'
import { readTypeScript } from '../../../bench/prose/read-typescript.ts'
import { RULES } from '../../../bench/prose/rules/index.ts'
import { misspelled } from '../../../bench/prose/spelling.ts'

async function rulesHitIn(markdown: string): Promise<readonly string[]> {
  const prose = await readMarkdown(markdown)
  return audit({ file: 'page.md', prose }, new Set()).map(({ rule }) => rule)
}

describe.each(RULES)('$name', ({ name, finds, leaves }) => {
  test('finds its example', async () => {
    expect(await rulesHitIn(finds)).toContain(name)
  })

  test('leaves the near miss alone', async () => {
    expect(await rulesHitIn(leaves)).not.toContain(name)
  })
})

test('no two rules have the same name, because exceptions name them', () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length)
})

test('a rule for messages leaves comments alone', () => {
  const hits = (source: string) =>
    audit({ file: 'a.ts', prose: readTypeScript('a.ts', source) }, new Set()).map(({ rule }) => rule)
  expect(hits("throw new Error('The stream does not exist.')")).toEqual(['not-contracted'])
  expect(hits('// The stream does not exist.')).toEqual([])
})

test('a sentence of more than forty words gets a warning', async () => {
  const sentence = (words: number) => `\`code\`${' word'.repeat(words - 1)}.`
  expect(await rulesHitIn(sentence(41))).toEqual(['long'])
  expect(await rulesHitIn(`${sentence(40)} ${sentence(40)}`)).toEqual([])
})

test('spelling is American, and the course has words of its own', async () => {
  const words = ['color', 'colour', 'learnt', 'eventlings', 'upcaster', 'recieve', 'Redis', "isn't", 'isnt']
  expect([...(await misspelled(projectRoot(), words))]).toEqual(['colour', 'learnt', 'recieve', 'isnt'])
})

test('a hit says where it is, what it quotes, and what to write instead', async () => {
  const prose = await readMarkdown('# Title\n\nIn Redis, a\ncolour of its own.\n')
  expect(audit({ file: 'page.md', prose }, new Set(['colour'])).at(-1)).toMatchObject({
    file: 'page.md',
    line: 4,
    rule: 'spelling',
    level: 'error',
    quote: 'In Redis, a colour of its own.',
    word: 'colour',
  })
})
