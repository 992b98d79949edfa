import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { courseSource } from '../../../src/init/index.ts'

/** A folder that has installed eventlings from there. */
async function installer(from: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-source-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(path.join(folder, 'node_modules', '.bin'), { recursive: true })
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ dependencies: { eventlings: from } }))
  return folder
}

const inside = (folder: string) => path.join(folder, 'node_modules', 'eventlings')
const fromRegistry = { argument: 'eventlings@1.2.3', range: '^1.2.3' }

test('from the registry: this version, and later ones that are compatible', async () => {
  expect(courseSource(inside(await installer('^1.0.0')), '1.2.3', '')).toEqual(fromRegistry)
})

test.each(['file:../course 1.tgz', '../course 1.tgz'])('from a tarball: %s', async (from) => {
  const folder = await installer(from)
  const file = path.join(path.dirname(folder), 'course 1.tgz')
  expect(courseSource(inside(folder), '1.2.3', '')).toEqual({
    argument: file,
    range: `file:${file.split(path.sep).join('/')}`,
  })
})

test('from an address', async () => {
  const from = 'https://example.com/course.tgz'
  expect(courseSource(inside(await installer(from)), '1.2.3', '')).toEqual({ argument: from, range: from })
})

test('linked from a store: the folder on the PATH knows', async () => {
  const file = path.resolve('/somewhere/course.tgz')
  const folder = await installer(`file:${file}`)
  const searchPath = ['/usr/bin', path.join(folder, 'node_modules', '.bin')].join(path.delimiter)
  const store = path.resolve('/store/links/eventlings/node_modules/eventlings')
  expect(courseSource(store, '1.2.3', searchPath).argument).toBe(file)
})

test('installed globally, where nothing says from where', () => {
  const root = path.resolve('/usr/lib/node_modules/eventlings')
  expect(courseSource(root, '1.2.3', '/usr/bin')).toEqual(fromRegistry)
})
