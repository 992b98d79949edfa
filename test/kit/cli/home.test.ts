import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { newHome, programAt } from './program.ts'

const solution = (slug: string) => path.join(projectRoot(), 'solutions', `${slug}.ts`)

/** Contains its own workspace, with the model solution as the learner's for these lessons. */
async function homeWith(...slugs: readonly string[]) {
  const home = await newHome()
  const answer = (name: string) => path.join(home, 'workspace', `${name}.ts`)
  await mkdir(path.dirname(answer('')))
  for (const slug of slugs) await copyFile(solution(slug), answer(slug))
  return { answer, run: programAt(home) }
}

describe('EVENTLINGS_HOME', () => {
  test('--mine builds on the existing answers', async () => {
    const { answer, run } = await homeWith('05-stream-store')
    await writeFile(answer('01-events'), 'throw new Error("my own 01 was loaded")\nexport {}\n')
    const ended = await run('check', '05', '--mine')
    expect(ended.code).toBe(1)
    expect(ended.stdout).toMatch(/Built on your 01-events.ts|my own 01 was loaded/)
  })

  test('--mine means the same for snippets', async () => {
    const { answer, run } = await homeWith('01-events')
    await appendFile(answer('01-events'), '\nconsole.log("my own 01 was loaded")\n')
    expect((await run('run', '03', '--mine')).stdout).toContain('my own 01 was loaded')
    expect((await run('run', '03')).stdout).not.toContain('my own 01 was loaded')
  })

  test('a relative import is the file beside the answer, under the same rules', async () => {
    const { answer, run } = await homeWith()
    await writeFile(answer('helper'), 'export const who = "home"\n')
    const model = await readFile(solution('01-events'), 'utf8')
    const own = `import { who } from './helper.ts'\nconsole.log('helper of the', who)\n${model}`
    await writeFile(answer('01-events'), own)
    const used = await run('check', '01', '--verbose')
    expect(used.code).toBe(0)
    expect(used.stdout).toContain('helper of the home')

    await writeFile(answer('helper'), "import '#kit'\nexport const who = 'kit'\n")
    const refused = await run('check', '01')
    expect(refused.code).toBe(1)
    expect(refused.stdout).toContain('imports `#kit`, which is part of the check')
  })
})
