import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'

const src = path.join(projectRoot(), 'src')

function importsBelow(folder: string): readonly string[] {
  return readdirSync(path.join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => {
      const code = readFileSync(path.join(src, folder, file), 'utf8')
      const found = code.matchAll(/(?:from|import\()\s*'([^']+)'/g)
      return [...found].map(([, one = '']) =>
        one.startsWith('.') ? path.relative(src, path.join(src, folder, path.dirname(file), one)) : one,
      )
    })
}

test('what both servers share imports nothing of theirs', () => {
  const known = importsBelow('http')
  expect(known).not.toEqual([])
  for (const one of known)
    expect(one.split(path.sep).join('/')).toMatch(/^(http\/|common\/|node:|hono$|@hono\/)/)
})

test('the class imports neither the pages nor the program', () => {
  for (const one of importsBelow('classroom')) {
    expect(one.split(path.sep).join('/')).not.toMatch(/^(web|cli)\//)
  }
})
