import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ended, newHome, programAt, startProgram } from './program.ts'

const address = /^http:\/\/127\.0\.0\.1:\d+\/enter\?\S+$/m

/** Resolves with the program as soon as it has printed its address. */
async function opened(home: string, ...args: readonly string[]) {
  const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
  const child = startProgram(['open', ...args, '--no-open'], { env })
  const end = ended(child)
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      if (printed.includes('Ctrl-C') || printed.includes('already')) resolve()
    })
    child.once('close', () => reject(new Error(`It ended: ${printed}`)))
  })
  return { child, end, address: address.exec(printed)?.[0] ?? '', printed }
}

const note = (home: string) => path.join(home, '.eventlings', 'workbench.json')

test('it lets one browser in, a second start leads to the first one, and the next one has the same port', async () => {
  const home = await newHome()
  const first = await opened(home, '01')
  expect(first.printed).toMatch(/\n\nThe address works once\. Press Ctrl-C to stop\.\n$/)
  const entered = await fetch(first.address, { redirect: 'manual' })
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/lessons/01-events'])
  expect((await fetch(first.address, { redirect: 'manual' })).status).toBe(401)

  const second = await programAt(home)('open', '07', '--no-open')
  expect(second.code).toBe(0)
  expect(second.stdout).toContain('The workbench is already open; this address leads there.')
  const invitation = address.exec(second.stdout)?.[0] ?? ''
  expect(new URL(invitation).port).toBe(new URL(first.address).port)
  const again = await fetch(invitation, { redirect: 'manual' })
  expect(again.headers.get('location')).toBe('/lessons/07-concurrency')

  const door = path.join(home, '.eventlings', 'open-workbench.html')
  if (process.platform !== 'win32') {
    for (const file of [note(home), door]) expect(statSync(file).mode & 0o077).toBe(0)
  }
  first.child.kill('SIGINT')
  expect((await first.end).code).toBe(130)
  expect(existsSync(door)).toBe(false)
  expect(readFileSync(note(home), 'utf8')).not.toContain('key')

  const next = await opened(home)
  expect(new URL(next.address).port).toBe(new URL(first.address).port)
  const old = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const page = await fetch(new URL('/', next.address), { headers: { cookie: old } })
  expect(page.status, 'each start has its own cookie').toBe(401)

  next.child.kill('SIGKILL')
  await next.end
  expect((await opened(home)).printed, "the note of a killed program isn't in the way").toContain('Ctrl-C')
})

test.each([
  [['--origin', 'name-4321.app.github.dev'], '--origin takes an address without a path'],
  [['--origin', 'https://name.dev/path'], '--origin takes an address without a path'],
  [['--origin', 'javascript:alert(1)'], '--origin takes an address without a path'],
  [['--port', '0'], '--port takes a number from 1 to 65535, not "0".'],
  [['99'], 'No lesson matches "99".'],
])('open %j is refused', async (args, says) => {
  const { code, stderr } = await programAt(await newHome())('open', ...args)
  expect(code).toBe(2)
  expect(stderr).toContain(says)
})
