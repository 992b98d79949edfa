import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WatchFileOptions, watchFile } from '../../../src/learner/watch-file.ts'

let folder: string
let file: string
let close = () => {}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventlings-watch-'))
  file = join(folder, '01-events.ts')
  await writeFile(file, 'one')
})
afterEach(async () => {
  close()
  await rm(folder, { recursive: true, force: true })
})

/** News in order; `next` waits for the next one, and nothing is missed between two calls. */
function listen(options: WatchFileOptions = {}) {
  const news: string[] = []
  let wake = () => {}
  const add = (text: string) => {
    news.push(text)
    wake()
  }
  const watcher = watchFile(
    file,
    {
      onContent: (content) => add(content.toString()),
      onGone: () => add('(gone)'),
      onDeaf: () => add('(deaf)'),
    },
    options,
  )
  close = () => watcher.close()
  return async function next(): Promise<string> {
    while (news.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return news.shift() ?? ''
  }
}

for (const poll of [false, true]) {
  describe(poll ? 'by polling' : 'by listening', () => {
    test('reports the current content, and then each new one', async () => {
      const next = listen({ poll })
      expect(await next()).toBe('one')
      await writeFile(file, 'two')
      expect(await next()).toBe('two')
      await writeFile(file, 'three')
      expect(await next()).toBe('three')
    })

    test('a save by renaming is a save', async () => {
      const next = listen({ poll })
      expect(await next()).toBe('one')
      await writeFile(join(folder, '.tmp'), 'two')
      await rename(join(folder, '.tmp'), file)
      expect(await next()).toBe('two')
      await writeFile(join(folder, '.tmp'), 'three')
      await rename(join(folder, '.tmp'), file)
      expect(await next()).toBe('three')
    })

    test('neither an empty moment nor the same content again is reported', async () => {
      const next = listen({ poll })
      expect(await next()).toBe('one')
      await writeFile(file, '')
      await writeFile(file, 'one')
      await writeFile(file, '')
      await writeFile(file, 'two')
      expect(await next()).toBe('two')
    })

    test('a deleted file is reported once, and again when it comes back', async () => {
      const next = listen({ poll })
      expect(await next()).toBe('one')
      await unlink(file)
      expect(await next()).toBe('(gone)')
      await writeFile(file, 'back')
      expect(await next()).toBe('back')
    })

    test('a file that stays empty is reported', async () => {
      const next = listen({ poll })
      expect(await next()).toBe('one')
      await writeFile(file, '')
      expect(await next()).toBe('')
    })
  })
}

test('content is reported before it has come to rest, if asked, and so is what follows', async () => {
  const next = listen({ atOnce: true })
  expect(await next()).toBe('one')
  let isOver = false
  const writing = (async () => {
    // It never stays the same for long.
    for (let count = 0; !isOver; count += 1) await writeFile(file, `part ${count}`)
    await writeFile(file, 'whole')
  })()
  expect(await next()).toMatch(/^part \d+$/)
  isOver = true
  await writing
  let content = await next()
  while (content.startsWith('part')) content = await next()
  expect(content).toBe('whole')
})

test('a deaf watcher is noticed, and the file is polled', async () => {
  const next = listen({ listen: () => ({ close() {} }) })
  expect(await next()).toBe('one')
  await writeFile(file, 'two')
  expect(await next()).toBe('two')
  expect(await next()).toBe('(deaf)')
  await writeFile(file, 'three')
  expect(await next()).toBe('three')
})

test('a slow watcher is not mistaken for a deaf one', async () => {
  let tell = () => {}
  const next = listen({
    listen: (_, heard) => {
      tell = () => heard(null)
      return { close() {} }
    },
  })
  expect(await next()).toBe('one')
  await writeFile(file, 'two')
  expect(await next()).toBe('two')
  tell()
  await writeFile(file, 'three')
  expect(await next()).toBe('three')
  tell()
  await writeFile(file, 'four')
  expect(await next()).toBe('four')
})

test('a watcher that cannot even start is replaced by polling', async () => {
  const next = listen({
    listen: () => {
      throw new Error('ENOSPC: System limit for number of file watchers reached')
    },
  })
  expect(await next()).toBe('(deaf)')
  expect(await next()).toBe('one')
  await writeFile(file, 'two')
  expect(await next()).toBe('two')
})
