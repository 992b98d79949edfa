import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { ended, newHome, plainEnv, programFile, runProgram } from './program.ts'

const root = projectRoot()
const run = promisify(execFile)

/** A copy of the project with a link to its packages. */
async function projectCopy(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'eventlings-copy-'))
  onTestFinished(() => rm(copy, { recursive: true, force: true }))
  copyTo(copy, ['lessons', 'exercises', 'solutions', 'test/lessons'])
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'junction')
  return copy
}

/** Not asynchronously: that takes Node twice the processor time for so many small files. */
function copyTo(copy: string, parts: readonly string[] = []): void {
  for (const part of ['package.json', 'tsconfig.json', 'src', ...parts])
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true })
}

let bare: string | undefined

/** A copy without packages, in which the program ends before it reads a lesson. The tests share it. */
async function copyWithoutPackages(): Promise<string> {
  if (bare === undefined) {
    bare = await mkdtemp(path.join(tmpdir(), 'eventlings-bare-'))
    copyTo(bare)
  }
  await rm(path.join(bare, 'node_modules'), { recursive: true, force: true })
  return bare
}

afterAll(async () => {
  if (bare !== undefined) await rm(bare, { recursive: true, force: true })
})

function runIn(copy: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const file = path.join(copy, 'src', 'cli', 'eventlings.mjs')
  return ended(execFile(process.execPath, [file, ...words], { env: { ...plainEnv(), ...env } }))
}

const list = (copy: string, env: Readonly<Record<string, string>> = {}) => runIn(copy, ['list'], env)

/** Packages that exist by name but can't be loaded, except those left out; esbuild's is for these platforms. */
async function namesOfPackages(copy: string, platforms: readonly string[], ...without: readonly string[]) {
  const read = async (file: string) => JSON.parse(await readFile(file, 'utf8'))
  const { dependencies, devDependencies } = await read(path.join(root, 'package.json'))
  const { optionalDependencies } = await read(path.join(root, 'node_modules', 'esbuild', 'package.json'))
  const needed = Object.keys({ ...dependencies, ...devDependencies })
  const names = [...needed, ...platforms.map((platform) => `@esbuild/${platform}`)]
  for (const name of names.filter((each) => !without.includes(each))) {
    const folder = path.join(copy, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, optionalDependencies }))
  }
}

const builtIn = async (copy: string) =>
  (await readdir(path.join(copy, '.eventlings', 'cache'))).filter((name) => name.startsWith('program-'))

describe("a machine that isn't ready gets a sentence that says so", () => {
  test.each(['v18.20.4', 'v20.18.3', 'v21.7.3', 'v22.11.0'])('Node %s is too old', async (version) => {
    const home = await newHome()
    const disguise = path.join(home, 'disguise.mjs')
    await writeFile(
      disguise,
      `Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version.slice(1))} })
       Object.defineProperty(process, 'version', { value: ${JSON.stringify(version)} })`,
    )
    const child = execFile(process.execPath, ['--import', pathToFileURL(disguise).href, programFile, 'list'])
    const { code, stdout, stderr } = await ended(child)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toBe(
      `eventlings needs Node 20.19 or later (within version 20), or 22.12 or later, but this is ${version}. Get a newer version from https://nodejs.org.\n`,
    )
  })

  test('the packages are not installed', async () => {
    const copy = await copyWithoutPackages()
    const { code, stdout, stderr } = await list(copy)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('Run "npm install" in')
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('unusable packages', () => {
  const here = `${process.platform}-${process.arch}`
  const elsewhere = here === 'darwin-arm64' ? 'linux-x64' : 'darwin-arm64'

  test.each([
    [
      'of another platform',
      [elsewhere],
      [],
      `The packages in node_modules were installed for ${elsewhere}, but this machine is ${here}. Run "npm ci" in`,
    ],
    ['without the part for any platform', [], [], `The package @esbuild/${here} is missing`],
    [
      'one of them missing',
      [here],
      ['hono'],
      "Some of the course's packages aren't installed: hono is missing.",
    ],
  ] as const)('%s', async (_, platforms, without, sentence) => {
    const copy = await copyWithoutPackages()
    await namesOfPackages(copy, platforms, ...without)
    for (const word of ['list', '--help']) {
      const { code, stdout, stderr } = await runIn(copy, [word])
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toContain(sentence)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    const doctor = await runIn(copy, ['doctor'])
    expect(doctor.code).toBe(3)
    expect(doctor.stdout.replace(/\n\s+/g, ' ')).toContain(sentence)
    expect(doctor.stdout).toContain(process.version)
  })

  test("a * in the folder's name, which Node takes for a pattern", async () => {
    const copy = path.join(await newHome(), 'a*b')
    copyTo(copy)
    const { code, stderr } = await list(copy)
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `The folder ${copy} has a * in its name, and Node can't load every package from such a folder. Rename it.\n`,
    })
  })

  test('doctor --json is the same as data', async () => {
    const copy = await copyWithoutPackages()
    const { code, stdout } = await runIn(copy, ['doctor', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      findings: [{ name: 'Node' }, { state: 'fail' }, {}],
    })
  })
})

describe('the program is built when its source has changed', () => {
  test('once, and again after a change', async () => {
    const copy = await projectCopy()
    const first = await list(copy)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(await builtIn(copy)).toHaveLength(1)
    await list(copy)
    expect(await builtIn(copy)).toHaveLength(1)

    const page = path.join(copy, 'src', 'cli', 'commands', 'list.ts')
    await writeFile(page, (await readFile(page, 'utf8')).replace('passed. ', 'are passed. '))
    expect((await list(copy)).stdout).toMatch(/0 of \d+ are passed\./)
    // The previous build may still be in use in another terminal. After a day it isn't.
    expect(await builtIn(copy)).toHaveLength(2)
    const aged = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000)
    for (const name of await builtIn(copy))
      await utimes(path.join(copy, '.eventlings', 'cache', name), aged, aged)
    await utimes(page, aged, aged)
    await list(copy)
    expect(await builtIn(copy)).toHaveLength(1)
  })

  test('in a read-only folder, and on request, it runs from its sources', async () => {
    const copy = await projectCopy()
    const onRequest = await list(copy, { EVENTLINGS_SOURCES: '1' })
    expect(onRequest).toMatchObject({ code: 0, stderr: '' })

    await rm(path.join(copy, '.eventlings'), { recursive: true, force: true })
    // A file where the folder should be stops even root, who may write everywhere.
    await writeFile(path.join(copy, '.eventlings'), '')
    await chmod(path.join(copy, '.eventlings'), 0o400)
    expect((await list(copy, { EVENTLINGS_HOME: await newHome() })).stdout).toBe(onRequest.stdout)
  })
})

test('a user ID without a name, in a read-only course', async () => {
  const copy = await projectCopy()
  await writeFile(path.join(copy, '.eventlings'), '')
  const home = await newHome()
  const disguise = path.join(home, 'disguise.mjs')
  await writeFile(
    disguise,
    `import os from 'node:os'
     import { syncBuiltinESMExports } from 'node:module'
     const unknown = (what) => { throw Object.assign(new Error(what + ' returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' }) }
     os.userInfo = () => unknown('uv_os_get_passwd')
     os.homedir = () => process.env.HOME ?? unknown('uv_os_homedir')
     syncBuiltinESMExports()`,
  )
  const file = path.join(copy, 'src', 'cli', 'eventlings.mjs')
  const words = ['--import', pathToFileURL(disguise).href, file]
  const env = {
    ...plainEnv(),
    HOME: undefined,
    EVENTLINGS_HOME: home,
    TMPDIR: home,
    EVENTLINGS_REDIS: 'embedded',
  }
  const checked = await ended(execFile(process.execPath, [...words, 'check', '01', '--solution'], { env }))
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(await ended(execFile(process.execPath, [...words, 'doctor'], { env }))).toMatchObject({ code: 0 })
})

test('from any folder, by any path', async () => {
  const home = await newHome()
  const elsewhere = await runProgram(['list'], { cwd: home, env: { EVENTLINGS_HOME: home } })
  expect(elsewhere).toMatchObject({ code: 0, stderr: '' })
  // npm and npx call it through a link.
  const link = path.join(home, 'eventlings')
  await symlink(programFile, link)
  const { stdout } = await run(process.execPath, [link, 'list'], {
    env: { ...plainEnv(), EVENTLINGS_HOME: home },
  })
  expect(stdout).toBe(elsewhere.stdout)
})

describe('a cold start loads what it needs', () => {
  const heavy = [
    'vitest',
    'ioredis',
    'zod',
    'yaml',
    'shiki',
    'testcontainers',
    'inquirer',
    'markdown-it',
    'esbuild',
    'diff',
    'tsx',
    'js-redis-server',
    'hono',
    '@hono/node-server',
    'preact',
  ]

  /** V8 counts the functions of every module that ran, and the packages follow from that. */
  async function packagesOf(args: readonly string[], home: string): Promise<readonly string[]> {
    const counts = path.join(home, 'counts')
    await mkdir(counts)
    const { code } = await runProgram(args, { env: { EVENTLINGS_HOME: home, NODE_V8_COVERAGE: counts } })
    expect(code).toBe(0)
    const reports = await Promise.all(
      (await readdir(counts)).map((name) => readFile(path.join(counts, name), 'utf8')),
    )
    await rm(counts, { recursive: true })
    const urls = reports.flatMap((report) =>
      (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url),
    )
    const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
    return [...new Set(names)]
  }

  let built: Promise<unknown> | undefined

  test.each([[['list']], [['--help']], [['start', '01']], [['hint', '--help']], [['progress']]])(
    '%j',
    async (args) => {
      built ??= runProgram(['list']) // which also makes the index of the lessons
      await built
      const packages = await packagesOf(args, await newHome())
      expect(packages).toContain('commander')
      expect(heavy.filter((name) => packages.includes(name))).toEqual([])
    },
  )

  test("an argument that's the name of another command doesn't load that command", async () => {
    expect(await packagesOf(['find', 'open'], await newHome())).not.toContain('hono')
  })
})
