import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { extract } from 'tar'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bundleCourse } from '../../../src/classroom/bundle/bundle-course.ts'

async function temporary(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-bundle-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A course of few files, and beside them what belongs to a person or is made anew. */
async function course(): Promise<string> {
  const root = await temporary()
  for (const file of [
    'package.json',
    'src/workspace/home.ts',
    'lessons/01-events.md',
    'node_modules/ioredis/index.js',
    'node_modules/.bin/tsc',
    'node_modules/.cache/x',
    'workspace/01-events.ts',
    '.eventlings/progress.jsonl',
    '.git/HEAD',
  ]) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), file)
  }
  return root
}

const env = { PATH: '', DOCKER_HOST: 'unix:///no/engine/here' }

describe('class bundle', () => {
  test('packs the course and its packages, and nothing of a person', async () => {
    const root = await course()
    const said: string[] = []
    const file = path.join(root, 'course.tar.gz')
    const bundle = await bundleCourse({ root, file, env, onNotice: (sentence) => said.push(sentence) })
    expect(bundle).toMatchObject({ file, image: undefined })
    expect(said.join('\n')).toContain('No engine here has an image of Redis')
    const out = await temporary()
    await extract({ file, cwd: out })
    const there = (await readdir(path.join(out, 'eventlings'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(out, 'eventlings'), path.join(entry.parentPath, entry.name)))
    expect(there.map((name) => name.split(path.sep).join('/')).toSorted()).toEqual([
      'lessons/01-events.md',
      'node_modules/.bin/tsc',
      'node_modules/ioredis/index.js',
      'package.json',
      'src/workspace/home.ts',
    ])
  })

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
