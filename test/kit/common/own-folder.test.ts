import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { learnersFolder, ownFolder, projectRoot } from '../../../src/common/own-folder.ts'

async function folderWith(manifest: string | undefined): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-own-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  if (manifest !== undefined) await writeFile(path.join(folder, 'package.json'), manifest)
  return folder
}

test.each([
  '{"dependencies":{"eventlings":"^1.0.0"}}',
  '{"devDependencies":{"eventlings":"file:../eventlings.tgz"}}',
])("a folder that depends on eventlings is a learner's, from wherever in it: %s", async (manifest) => {
  const folder = await folderWith(manifest)
  const inside = path.join(folder, 'workspace', 'notes')
  await mkdir(inside, { recursive: true })
  // Another package in it doesn't get in the way.
  await writeFile(path.join(inside, 'package.json'), '{"dependencies":{"ioredis":"5"}}')
  expect(learnersFolder(inside)).toBe(folder)
  expect(learnersFolder(folder)).toBe(folder)
})

test.each(['{"dependencies":{"ioredis":"5"}}', '{', 'null', undefined])(
  'others are not: %s',
  async (manifest) => {
    expect(learnersFolder(await folderWith(manifest))).toBeUndefined()
  },
)

test("in a clone, the learner's folder is the course's", () => {
  expect(ownFolder(projectRoot())).toBe(projectRoot())
})
