import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../../../src/web/open-browser.ts'

/** A machine whose browser records its arguments. */
async function machine() {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-browser-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const opened = path.join(folder, 'opened')
  await writeFile(
    path.join(folder, 'xdg-open'),
    `#!/bin/sh\nprintf %s "$*" > ${opened}.tmp && /bin/mv ${opened}.tmp ${opened}\n`,
  )
  await chmod(path.join(folder, 'xdg-open'), 0o755)
  const read = () => readFile(opened, 'utf8').catch(() => undefined)
  return { env: { PATH: folder }, read }
}

test.runIf(process.platform === 'linux')(
  'the address is passed to the browser if there is a screen',
  async () => {
    const { env, read } = await machine()
    openBrowser('http://127.0.0.1:1/', { ...env, DISPLAY: ':0' })
    await expect.poll(read).toBe('http://127.0.0.1:1/')
  },
)

test.runIf(process.platform === 'linux')('no screen, or no browser: nothing happens', async () => {
  const { env, read } = await machine()
  openBrowser('http://127.0.0.1:1/', env)
  openBrowser('http://127.0.0.1:1/', { PATH: tmpdir(), DISPLAY: ':0' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(await read()).toBeUndefined()
})
