import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Home } from '../../../../src/learner/index.ts'
import { type Disk, readAnswer, realDisk, saveAnswer } from '../../../../src/web/workbench/answer-file.ts'
import { newLearner } from '../reader.ts'
import { newBenchApp, own } from './bench-app.ts'

const shown = 'workspace/01-events.ts'
let home: Home
let file: string

beforeEach(async () => {
  home = (await newLearner()).home
  file = home.answer('01-events')
  mkdirSync(home.workspace, { recursive: true })
  writeFileSync(file, 'one\n')
})

const read = () => readAnswer(file, shown).view
const hash = () => {
  const view = read()
  return 'hash' in view ? view.hash : ''
}
const save = (text: string, base: string | null = hash(), disk: Disk = realDisk) =>
  saveAnswer(file, shown, text, base, disk)
const onDisk = () => readFileSync(file, 'utf8')

describe('a save', () => {
  test('replaces the version that it was based on, keeps its permissions, and leaves nothing behind', () => {
    chmodSync(file, 0o600)
    expect(save('two\n')).toMatchObject({ kind: 'saved', answer: { view: { text: 'two\n' } } })
    expect(onDisk()).toBe('two\n')
    expect(statSync(file).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600)
    expect(readdirSync(home.workspace)).toEqual(['01-events.ts'])
  })

  test('that was based on another version writes nothing, and gets the version that is there', () => {
    const base = hash()
    writeFileSync(file, 'theirs\n')
    expect(save('mine\n', base)).toMatchObject({ kind: 'conflict', answer: { view: { text: 'theirs\n' } } })
    expect(onDisk()).toBe('theirs\n')
  })

  test('is held up by the disk, and meanwhile another program saves: nothing is overwritten', () => {
    const busy = (meanwhile: () => void): Disk => ({
      ...realDisk,
      replace(...given) {
        meanwhile()
        return realDisk.replace(...given)
      },
    })
    const theirs = () => writeFileSync(file, 'theirs\n')
    expect(save('mine\n', hash(), busy(theirs))).toMatchObject({
      kind: 'conflict',
      answer: { view: { text: 'theirs\n' } },
    })
    expect(onDisk()).toBe('theirs\n')
    const gone = busy(() => rmSync(file))
    expect(save('mine\n', hash(), gone)).toMatchObject({
      kind: 'conflict',
      answer: { view: { kind: 'gone' } },
    })
    expect(readdirSync(home.workspace)).toEqual([])
  })

  test('to a file that is gone creates it only if asked to', () => {
    const base = hash()
    rmSync(file)
    expect(save('mine\n', base)).toMatchObject({ kind: 'conflict', answer: { view: { kind: 'gone' } } })
    expect(existsSync(file)).toBe(false)
    expect(save('mine\n', null)).toMatchObject({ kind: 'saved' })
    expect(onDisk()).toBe('mine\n')
  })

  test('that wants to create the file never replaces one', () => {
    expect(save('mine\n', null)).toMatchObject({ kind: 'conflict' })
    expect(onDisk()).toBe('one\n')
  })

  test('keeps Windows line endings, which the editor never sees', () => {
    writeFileSync(file, 'one\r\ntwo\r\n')
    expect(read()).toMatchObject({
      text: 'one\ntwo\n',
      remark: 'It has Windows line endings, and keeps them.',
    })
    save('one\nthree\n')
    expect(onDisk()).toBe('one\r\nthree\r\n')
  })

  test.each([
    ['ENOSPC', 'the disk is full.'],
    ['EACCES', "you don't have permission to write there."],
    ['EIO', 'the system reports EIO.'],
  ])('that fails with %s says so, and leaves the file as it was', (code, reason) => {
    const fail = () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(save('two\n', hash(), { replace: fail, create: fail })).toEqual({
      kind: 'problem',
      sentence: `${shown} wasn't saved: ${reason} Your code is still on this page.`,
    })
    expect(onDisk()).toBe('one\n')
  })

  test('of what would be no text afterward is refused', () => {
    expect(save('two\0')).toMatchObject({ kind: 'problem', sentence: expect.stringContaining('NUL') })
    expect(onDisk()).toBe('one\n')
  })

  test('of more than 200 kB is refused, however it arrives', async () => {
    expect(save('ä'.repeat(100_001))).toMatchObject({
      kind: 'problem',
      sentence: expect.stringContaining('200 kB'),
    })
    expect(onDisk()).toBe('one\n')
    const { ask } = await newBenchApp()
    const headers = { ...own, 'if-match': 'none' }
    const response = await ask('/workbench/01-events/file', {
      method: 'PUT',
      headers,
      body: 'x'.repeat(200_001),
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({
      kind: 'problem',
      sentence: expect.stringContaining('200 kB'),
    })
  })
})

describe('a file that the page leaves alone', () => {
  const link = process.platform === 'win32' ? test.skip : test

  link('a link to another file is neither read nor written', () => {
    const secret = path.join(home.folder, 'secret')
    writeFileSync(secret, 'secret\n')
    rmSync(file)
    symlinkSync(secret, file)
    expect(read()).toEqual({
      kind: 'unusable',
      sentence: `${shown} is a link to another place, and this page doesn't follow links. Replace it with a real one.`,
    })
    expect(save('mine\n', null)).toMatchObject({ kind: 'problem' })
    expect(readFileSync(secret, 'utf8')).toBe('secret\n')
  })

  link('nor is a link that leads nowhere, which would create a file elsewhere', () => {
    const elsewhere = path.join(home.folder, 'elsewhere')
    rmSync(file)
    symlinkSync(elsewhere, file)
    expect(save('mine\n', null)).toMatchObject({ kind: 'problem' })
    expect(existsSync(elsewhere)).toBe(false)
  })

  link('nor anything in a folder that is a link', () => {
    const elsewhere = path.join(home.folder, 'elsewhere')
    mkdirSync(elsewhere)
    rmSync(home.workspace, { recursive: true })
    symlinkSync(elsewhere, home.workspace)
    expect(save('mine\n', null)).toMatchObject({ kind: 'problem' })
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('a read-only file can be read', () => {
    chmodSync(file, 0o444)
    expect(read()).toMatchObject({
      kind: 'read-only',
      text: 'one\n',
      sentence: expect.stringContaining('read-only'),
    })
    expect(save('two\n')).toMatchObject({ kind: 'problem' })
    expect(onDisk()).toBe('one\n')
  })

  test.each([
    ["bytes that aren't text", Buffer.from([0x65, 0xff, 0xfe]), "isn't text in UTF-8"],
    ['a zero byte', Buffer.from('a\0b'), "isn't text in UTF-8"],
    ['too much', Buffer.alloc(200_001, 'x'), 'larger than 200 kB'],
  ])('%s', (_, bytes, says) => {
    writeFileSync(file, bytes)
    expect(read()).toMatchObject({ kind: 'unusable', sentence: expect.stringContaining(says) })
    expect(save('mine\n', null)).toMatchObject({ kind: 'problem' })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  test('a folder', () => {
    rmSync(file)
    mkdirSync(file)
    expect(read()).toMatchObject({ kind: 'unusable' })
    expect(save('mine\n', null)).toMatchObject({ kind: 'problem' })
  })
})

describe('only the file of a known lesson has an address', () => {
  test.each([
    '99-nowhere',
    '..%2f..%2fpackage',
    '%2e%2e',
    '01-events.ts',
    '01-events%00',
    '01-events%2f..%2f02-list-store',
    'README',
    '__proto__',
  ])('%s', async (slug) => {
    const { ask, learner } = await newBenchApp()
    const headers = { ...own, 'if-match': 'none' }
    const response = await ask(`/workbench/${slug}/file`, { method: 'PUT', headers, body: 'mine' })
    expect(response.status).toBe(404)
    expect(existsSync(learner.home.workspace)).toBe(false)
  })

  test('a save without the version that it is based on is refused', async () => {
    const { ask } = await newBenchApp()
    expect((await ask('/workbench/01-events/file', { method: 'PUT', body: 'mine' })).status).toBe(400)
  })

  test.each(['0', '-1', '1.5', 'one', '1;touch x', ''])(
    'the editor is never opened at line "%s"',
    async (line) => {
      const { ask, edited } = await newBenchApp()
      const address = `/workbench/01-events/editor?line=${encodeURIComponent(line)}`
      expect((await ask(address, { method: 'POST' })).status).toBe(404)
      expect(edited).toEqual([])
    },
  )

  test("the editor is opened with the learner's own file, at a line", async () => {
    const { ask, edited, learner } = await newBenchApp()
    const response = await ask('/workbench/01-events/editor?line=12&file=/etc/passwd', { method: 'POST' })
    expect(await response.json()).toEqual({ kind: 'opened' })
    expect(edited).toEqual([`${learner.home.answer('01-events')}:12`])
  })
})
