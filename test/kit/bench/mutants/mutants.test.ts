import { describe, expect, test } from 'vitest'
import { mutantOf } from '../../../bench/mutants/mutant.ts'
import { isNoted, parseNotes, staleNotes } from '../../../bench/mutants/notes.ts'
import { luaMutants } from '../../../bench/mutants/of-lua.ts'
import { typescriptMutants } from '../../../bench/mutants/of-typescript.ts'

const ANSWER = `import { Redis } from 'ioredis'

export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

const APPEND = \`
  if redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
  redis.call('XADD', KEYS[1], '*', 'event', ARGV[2])
  return 1
\`

export async function append(redis: Redis, version: number): Promise<void> {
  if (version < 0) throw new ConflictError('The version is negative.')
  await redis.eval(APPEND, 1, 'stream', version)
}
`

const changes = (mutants: readonly { readonly diff: string }[]) =>
  mutants.map(({ diff }) => diff.split('\n').find((line) => line.startsWith('+')) ?? '')

describe('mutants', () => {
  test('a diff shows the changed lines', () => {
    const at = ANSWER.indexOf('version < 0')
    const change = { from: at, to: at + 'version < 0'.length, replacement: 'true' }
    const { text, diff } = mutantOf('solution', 'Test', ANSWER, change)
    expect(diff).toBe(
      "-  if (version < 0) throw new ConflictError('The version is negative.')\n+  if (true) throw new ConflictError('The version is negative.')",
    )
    expect(text).toContain('if (true) throw')
  })

  test('of TypeScript, without messages, names of errors, imports, and scripts', async () => {
    const made = changes(await typescriptMutants('solution', ANSWER))
    expect(made).toContain("+  if (version <= 0) throw new ConflictError('The version is negative.')")
    expect(made).toContain('+  await redis.eval(APPEND, 1, "", version)')
    expect(made.join('\n')).not.toMatch(/ConflictError\(""\)|name = ""|from ""|APPEND = ``/)
  })

  test('of Lua: a boundary, a dropped call, a swapped key or argument, a branch', () => {
    const made = changes(luaMutants('solution', ANSWER))
    expect(made).toEqual([
      "+  if redis.call('XLEN', KEYS[1]) == tonumber(ARGV[1]) then return 0 end",
      '+',
      "+  if redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[2]) then return 0 end",
      "+  redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])",
      '+  if false then return 0 end',
    ])
  })
})

describe('notes', () => {
  const diff = '-  if (version < 0) throw\n+  if (version <= 0) throw'
  const markdown = `# Why these survive\n\n## solution\n\nNobody asks for 0.\n\n\`\`\`diff\n${diff}\n\`\`\`\n`
  const mutant = { base: 'solution', kind: 'EqualityOperator', text: '', diff }

  test('a note explains the mutant of the same answer with the same diff', async () => {
    const notes = await parseNotes(markdown)
    expect(notes).toEqual([{ base: 'solution', diff }])
    expect(isNoted(mutant, notes)).toBe(true)
    expect(isNoted({ ...mutant, base: 'with-lua' }, notes)).toBe(false)
  })

  test('a note without its survivor is stale', async () => {
    const notes = await parseNotes(markdown)
    expect(staleNotes(notes, [mutant])).toEqual([])
    expect(staleNotes(notes, [])).toEqual(notes)
  })
})
