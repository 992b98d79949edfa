import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pruneCache } from '../../../src/common/cache-folder.ts'

test('a cache loses what is stale and a day old, and nothing else', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-cache-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000)
  for (const name of ['runtime-old', 'runtime-new', 'types']) {
    await mkdir(path.join(folder, name))
    await writeFile(path.join(folder, name, 'worker.mjs'), '')
  }
  for (const name of ['runtime-old', 'types']) await utimes(path.join(folder, name), twoDaysAgo, twoDaysAgo)
  pruneCache(folder, (name) => name.startsWith('runtime-'))
  expect((await readdir(folder)).sort()).toEqual(['runtime-new', 'types'])
})
