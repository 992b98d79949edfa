import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { create, extract } from 'tar'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { type BareShell, bareShell, whyNoRegistry } from './npm.ts'

const MOST_BYTES = 5_000_000
const MOST_PACKAGES = 40
const lessons = ['01-events', '02-list-store', '03-replay']

let base: string
let shell: BareShell
let without: string | undefined
let tarball: string
let folder: string

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'eventlings package '))
  folder = path.join(base, 'my answers')
  shell = await bareShell(base)
  without = await whyNoRegistry(shell, base)
  await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    path.join(projectRoot(), 'src', 'package', 'main.ts'),
  ])
  const { stdout } = await shell.run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', base],
    projectRoot(),
  )
  tarball = path.join(base, JSON.parse(stdout)[0].filename)
}, 300_000)

afterAll(() => rm(base, { recursive: true, force: true }))

test('the package has what a learner needs, and only that', async () => {
  expect((await stat(tarball)).size).toBeLessThan(MOST_BYTES)
  const out = path.join(base, 'contents')
  await mkdir(out)
  await extract({ file: tarball, cwd: out, strip: 1 })
  expect((await readdir(out)).toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'exercises',
    'lessons',
    'package.json',
    'solutions',
    'src',
    'test',
    'tsconfig.json',
  ])
  expect((await readdir(path.join(out, 'src'), { recursive: true })).toSorted()).toEqual([
    'cli',
    path.join('cli', 'eventlings.mjs'),
    path.join('cli', 'first-aid.mjs'),
  ])
  const licenses = await readFile(path.join(out, 'dist', 'THIRD-PARTY.md'), 'utf8')
  for (const name of ['commander', 'hono', 'js-redis-server', 'lua-redis-wasm', 'preact', '@shikijs/core'])
    expect(licenses).toMatch(new RegExp(`^## ${name} \\d`, 'm'))
})

describe("a learner's folder on a machine that has only Node", () => {
  const npx = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await shell.run('npx', ['eventlings', ...words], folder)
    return { code, text: stdout + stderr }
  }

  test('is created, checks answers, and keeps them when the package changes', async ({ skip }) => {
    if (without !== undefined) skip(without)
    const init = ['--yes', `--package=${tarball}`, 'eventlings', 'init', 'my answers', '--yes']
    const created = await shell.run('npx', init, base)
    expect(created).toMatchObject({ code: 0 })
    expect(created.stdout + created.stderr).not.toMatch(/warn|deprecated|vulnerabilit/i)
    expect(created.stdout).toContain('cd "my answers"\n  npm start')
    expect(await packagesWithout('testcontainers')).toBeLessThanOrEqual(MOST_PACKAGES)

    const installed = await filesBelow(path.join(folder, 'node_modules', 'eventlings'))
    expect(await npx('check', '01')).toMatchObject({ code: 2 }) // nothing was started yet
    expect(await npx('start', '01')).toMatchObject({ code: 0 })
    expect(await npx('check', '01')).toMatchObject({ code: 1 })
    for (const lesson of lessons) {
      const answer = await readFile(path.join(projectRoot(), 'solutions', `${lesson}.ts`), 'utf8')
      await writeFile(path.join(folder, 'workspace', `${lesson}.ts`), `${answer}// mine\n`)
      const { code, text } = await npx('check', lesson)
      expect({ code, text }).toMatchObject({ code: 0 })
      expect(text).toContain(`${lesson} ·`)
      expect(text).not.toContain('TypeScript:')
    }
    expect(await filesBelow(path.join(folder, 'node_modules', 'eventlings'))).toEqual(installed)

    const answers = await textsIn(path.join(folder, 'workspace'))
    const progress = await readFile(path.join(folder, '.eventlings', 'progress.jsonl'), 'utf8')
    const updated = await shell.run('npm', ['install', await laterPackage()], folder)
    expect(updated).toMatchObject({ code: 0 })
    expect(updated.stdout + updated.stderr).not.toMatch(/warn/i)
    expect(await textsIn(path.join(folder, 'workspace'))).toEqual(answers)
    expect(await readFile(path.join(folder, '.eventlings', 'progress.jsonl'), 'utf8')).toBe(progress)
    expect((await npx('--version')).text).toBe('99.0.0\n')
    const { text } = await npx('list')
    expect(text).toContain('3 of 28')
    expect(text).toContain('Lesson 02 has changed since you passed it.')
    expect((await npx('diff', '02', '--starter')).text).toContain('+And one more thing.')
  }, 900_000)

  /** How many packages are installed apart from this one and what only it needs. */
  async function packagesWithout(name: string): Promise<number> {
    const { packages } = JSON.parse(await readFile(path.join(folder, 'package-lock.json'), 'utf8'))
    const needed = new Set<string>()
    const need = (wanted: string) => {
      const { dependencies, optionalDependencies } = packages[`node_modules/${wanted}`] ?? {}
      if (wanted === name || needed.has(wanted) || !(`node_modules/${wanted}` in packages)) return
      needed.add(wanted)
      for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) need(next)
    }
    for (const first of Object.keys({ ...packages[''].dependencies, ...packages[''].devDependencies }))
      need(first)
    const there = await Promise.all(
      [...needed].map((each) =>
        stat(path.join(folder, 'node_modules', each)).then(
          () => 1,
          () => 0,
        ),
      ),
    )
    return there.reduce((sum: number, one) => sum + one, 0)
  }
})

/** The next major version, in which lesson 02 asks for something else. */
async function laterPackage(): Promise<string> {
  const later = path.join(base, 'later', 'package')
  await cp(path.join(base, 'contents'), later, { recursive: true })
  const manifest = JSON.parse(await readFile(path.join(later, 'package.json'), 'utf8'))
  await writeFile(path.join(later, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }))
  const lesson = path.join(later, 'lessons', '02-list-store.md')
  await writeFile(
    lesson,
    (await readFile(lesson, 'utf8')).replace(/^## Task 1 .*$/m, '$&\n\nAnd one more thing.'),
  )
  const file = path.join(base, 'later.tgz')
  await create({ gzip: true, file, cwd: path.join(base, 'later') }, ['package'])
  return file
}

async function filesBelow(root: string): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).toSorted()
}

async function textsIn(root: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(root)
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(root, name), 'utf8')])),
  )
}
