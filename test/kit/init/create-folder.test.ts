import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFolder, learnersFiles } from '../../../src/init/index.ts'

const versions = {
  ioredis: '~5.11',
  testcontainers: '^11.14.0',
  '@types/node': '^20.0.0',
  typescript: '^7.0.0',
}
const files = (manager: 'npm' | 'pnpm' = 'npm') =>
  learnersFiles({ name: 'my answers', course: '^1.2.3', manager, versions })

async function temporary(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-init-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('a new folder', () => {
  test('has what npm, git, and an editor need', async () => {
    const folder = path.join(await temporary(), 'my answers')
    await createFolder(folder, files())
    expect((await readdir(folder)).toSorted()).toEqual([
      '.editorconfig',
      '.gitignore',
      '.vscode',
      'README.md',
      'package.json',
      'tsconfig.json',
      'workspace',
    ])
    const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
    expect(manifest.dependencies).toMatchObject({ eventlings: '^1.2.3', ioredis: '~5.11' })
    expect(manifest.imports['#built/*'][0]).toBe('./workspace/*.ts')
    expect(manifest.allowScripts.esbuild).toBe(false)
    expect((await readFile(path.join(folder, 'README.md'), 'utf8')).trim().split('\n').length).toBeLessThan(
      12,
    )
  })

  test("has pnpm's settings only if pnpm installs it", () => {
    expect(files().has('pnpm-workspace.yaml')).toBe(false)
    expect(files('pnpm').get('pnpm-workspace.yaml')).toContain('allowBuilds:\n  cpu-features: false\n')
  })

  test('may be a new repository', async () => {
    const folder = await temporary()
    await mkdir(path.join(folder, '.git'))
    await expect(createFolder(folder, files())).resolves.toBeUndefined()
  })
})

test('a folder that was begun is completed, and nothing in it changes', async () => {
  const folder = await temporary()
  await createFolder(folder, files())
  await writeFile(path.join(folder, 'README.md'), 'mine')
  await writeFile(path.join(folder, 'workspace', '01-events.ts'), 'my answer')
  await rm(path.join(folder, 'tsconfig.json'))
  await createFolder(folder, files())
  expect(await readFile(path.join(folder, 'README.md'), 'utf8')).toBe('mine')
  expect(await readFile(path.join(folder, 'workspace', '01-events.ts'), 'utf8')).toBe('my answer')
  expect(await readdir(folder)).toContain('tsconfig.json')
})

describe('is refused with a sentence', () => {
  test("a folder that isn't empty", async () => {
    const folder = await temporary()
    await writeFile(path.join(folder, 'notes.txt'), '')
    await expect(createFolder(folder, files())).rejects.toThrow(/isn't empty\. Choose another name/)
    expect(await readdir(folder)).toEqual(['notes.txt'])
  })

  test('a file', async () => {
    const file = path.join(await temporary(), 'notes.txt')
    await writeFile(file, '')
    await expect(createFolder(file, files())).rejects.toThrow('is a file. Choose another name.')
  })

  test('a folder inside a folder for the course', async () => {
    const folder = await temporary()
    await createFolder(folder, files())
    const inside = path.join(folder, 'workspace', 'another')
    await expect(createFolder(inside, files())).rejects.toThrow(/is inside .*for the course already/)
  })

  test('a name with a *', async () => {
    const folder = path.join(await temporary(), 'a*b')
    await expect(createFolder(folder, files())).rejects.toThrow('Choose a name without a *')
  })
})
