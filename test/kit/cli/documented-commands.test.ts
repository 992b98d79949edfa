import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCommandLine } from '../../../src/cli/program.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'

const root = projectRoot()
const lessons = (await readdir(path.join(root, 'lessons'))).map((name) => path.join('lessons', name))
const files = ['README.md', 'CONTRIBUTING.md', ...lessons]
const silent = { width: 80, isTTY: false, write: () => true } as never

/** What readers are told to type, without the explanation beside it. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/npx eventlings ([^\n`|)"”;]+)/g)].map(([, words = '']) =>
    (words.split(/\s{2,}|…|, (?=and|or|then|in\b)/)[0] ?? '').trim().replace(/[.,:?!]+$/, ''),
  )
}

describe('every command that a page tells readers to type exists', () => {
  test.each(files)('%s', async (file) => {
    const wrong: string[] = []
    for (const command of commandsIn(await readFile(path.join(root, file), 'utf8'))) {
      try {
        await readCommandLine(command.split(/\s+/), silent, '0')
      } catch (error) {
        wrong.push(`${command}: ${error instanceof Error ? error.message : error}`)
      }
    }
    expect(wrong).toEqual([])
  })
})
