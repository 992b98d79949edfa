import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { courseFolder, lessonFile } from './course-folder.ts'

const run = promisify(execFile)
// Not esbuild: tsx itself loads it.
const heavy = [
  'yaml',
  'zod',
  'markdown-it',
  'shiki',
  'diff',
  'vitest',
  'ioredis',
  'inquirer',
  'testcontainers',
]

/** The packages that a one-line program loaded: V8 counts the functions of every module that it ran. */
async function packagesLoadedBy(root: string, program: string): Promise<readonly string[]> {
  const counts = path.join(root, 'counts')
  await mkdir(counts)
  const file = path.join(root, 'program.mts')
  await writeFile(file, program)
  await run(process.execPath, ['--import', pathToFileURL(tsx()).href, file], {
    cwd: projectRoot(),
    env: { ...process.env, NODE_V8_COVERAGE: counts, NODE_OPTIONS: '' },
  })
  const reports = await Promise.all(
    (await readdir(counts)).map(async (name) => await readFile(path.join(counts, name), 'utf8')),
  )
  await rm(counts, { recursive: true })
  const urls = reports.flatMap((report) =>
    (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url),
  )
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
  return [...new Set(names)]
}

function tsx(): string {
  return path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs')
}

const facade = (folder: string) =>
  JSON.stringify(pathToFileURL(path.join(projectRoot(), 'src', folder, 'index.ts')).href)

// Three separate programs in a row, which takes a while on a busy machine.
describe('a cold start', { timeout: 90_000 }, () => {
  test('a list of 28 known lessons loads no parser', async () => {
    const names = Array.from(
      { length: 28 },
      (_, index) => `${String(index + 1).padStart(2, '0')}-lesson${index}.md`,
    )
    const root = await courseFolder(Object.fromEntries(names.map((name) => [name, lessonFile()])))
    const list = `const { loadCourse } = await import(${facade('course')})
      const { lessons } = await loadCourse(${JSON.stringify(root)})
      if (lessons.length !== 28) throw new Error('not 28 lessons')`

    expect(await packagesLoadedBy(root, list), 'the first time').toEqual(
      expect.arrayContaining(['yaml', 'zod']),
    )
    const second = await packagesLoadedBy(root, list)
    expect(heavy.filter((name) => second.includes(name))).toEqual([])

    const one = `${list}; await (await loadCourse(${JSON.stringify(root)})).lesson('01-lesson0')`
    const reading = await packagesLoadedBy(root, one)
    expect(heavy.filter((name) => reading.includes(name))).toEqual(['markdown-it'])
  })

  test('drawing a list on the terminal loads nothing heavy either', async () => {
    const root = await courseFolder({})
    const loaded = await packagesLoadedBy(
      root,
      `const { table, style } = await import(${facade('terminal')})
       process.stdout.write(table([['01', 'Events']], { width: 80, palette: style(process.env, process.stdout, {}) }))`,
    )
    expect(heavy.filter((name) => loaded.includes(name))).toEqual([])
  })
})
