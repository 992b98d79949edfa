import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { extract } from 'tar'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bundleCourse } from '../../../src/authoring/offline-bundle/bundle-course.ts'

async function temporary(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-bundle-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A course of few files, plus personal and generated ones. */
async function course(): Promise<string> {
  const root = await temporary()
  for (const file of [
    'package.json',
    'src/learner/paths.ts',
    'lessons/01-events.md',
    'node_modules/ioredis/index.js',
    'node_modules/.bin/tsc',
    'node_modules/.cache/x',
    'workspace/01-events.ts',
    '.eventlings/progress.jsonl',
    '.git/HEAD',
    'class.csv',
  ]) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), file)
  }
  return root
}

/** Which of those are packed. */
const parts = [
  'lessons/01-events.md',
  'node_modules/.bin/tsc',
  'node_modules/ioredis/index.js',
  'package.json',
  'src/learner/paths.ts',
]

async function namesIn(file: string): Promise<readonly string[]> {
  const out = await temporary()
  await extract({ file, cwd: out })
  const folder = path.join(out, 'eventlings')
  return (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .toSorted()
}

const env = { PATH: '', DOCKER_HOST: 'unix:///no/engine/here' }

describe('class bundle', () => {
  test('packs the course and its packages, and nothing personal', async () => {
    const root = await course()
    const said: string[] = []
    const file = path.join(root, 'course.tar.gz')
    const bundle = await bundleCourse({ root, file, env, onNotice: (sentence) => said.push(sentence) })
    expect(bundle).toMatchObject({ file, image: undefined })
    expect(said.join('\n')).toContain('No engine here has a Redis image')
    expect(await namesIn(file)).toEqual(parts)
  })

  test('packs only what git tracks, and names what it leaves out', async () => {
    const root = await course()
    await rm(path.join(root, '.git'), { recursive: true })
    await writeFile(path.join(root, '.gitignore'), 'node_modules/\n/workspace/\n.eventlings/\n')
    await writeFile(path.join(root, 'lessons', 'grades.csv'), 'Ada')
    // Only git is on this path, so no container engine takes part.
    const bin = await temporary()
    await symlink(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), path.join(bin, 'git'))
    const git = (...words: string[]) => execFileSync('git', words, { cwd: root })
    git('init', '--quiet')
    git('add', '.gitignore', 'package.json', 'src', 'lessons/01-events.md')
    // In a learner's own folder, the answers may be in the repository.
    git('add', '--force', 'workspace')
    const said: string[] = []
    const file = path.join(root, 'course.tar.gz')
    await bundleCourse({
      root,
      file,
      env: { ...env, PATH: bin },
      onNotice: (sentence) => said.push(sentence),
    })
    expect(await namesIn(file)).toEqual(['.gitignore', ...parts])
    expect(said).toContain("Left out, because git doesn't track them: class.csv, lessons/grades.csv.")
  })

  test.each(['in a folder above', 'through a link'])(
    'refuses packages outside the course: %s',
    async (how) => {
      const mono = await temporary()
      const root = path.join(mono, 'ev')
      const there = path.join(mono, 'node_modules', 'ioredis')
      await mkdir(there, { recursive: true })
      await mkdir(path.join(root, 'node_modules'), { recursive: true })
      await writeFile(path.join(root, 'package.json'), '{"dependencies":{"ioredis":"1"}}')
      if (how === 'through a link')
        await symlink(there, path.join(root, 'node_modules', 'ioredis'), 'junction')
      const bundle = bundleCourse({ root, file: path.join(mono, 'b.tar.gz'), env, onNotice: () => {} })
      await expect(bundle).rejects.toThrow(/outside the course, in .*node_modules\. Clone the course into/)
    },
  )

  test('says what it needs', async () => {
    const root = await temporary()
    const onNotice = () => {}
    await expect(bundleCourse({ root, file: 'course.zip', env, onNotice })).rejects.toThrow(
      'should end in .tar.gz',
    )
    await expect(bundleCourse({ root, file: 'course.tgz', env, onNotice })).rejects.toThrow(
      'Run "npm install" first',
    )
  })
})
