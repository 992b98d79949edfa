import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { descendants, isAlive } from '../processes.ts'
import { ended, newHome, programAt, startProgram } from './program.ts'

const address = /^http:\/\/127\.0\.0\.1:\d+/m

/** Resolves with the program as soon as it has printed the address of its pages. */
async function served(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = startProgram([...args, '--no-open'], {
    env: { EVENTLINGS_HOME: await newHome(), EVENTLINGS_REDIS: 'embedded', ...env },
  })
  const end = ended(child)
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      if (address.test(printed)) resolve()
    })
    child.once('close', () => reject(new Error(`It ended: ${printed}`)))
  })
  return { child, end, origin: address.exec(printed)?.[0] ?? '', printed }
}

test.each([
  [['slides', '07'], '/slides/07-concurrency', 'Versions and races'],
  [['slides', '--track', 'two-days'], '/slides/track/all', 'Versions and races'],
])('%j serves %s', async (args, path, text) => {
  const { child, end, origin, printed } = await served(args)
  expect(printed).toBe(`${origin}${path}\n\nPress Ctrl-C to stop.\n`)
  expect(await (await fetch(origin + path)).text()).toContain(text)
  child.kill('SIGINT')
  expect((await end).code).toBe(130)
})

test('read --web leads to the workbench', async () => {
  const { printed } = await served(['read', '07', '--web'])
  const entered = await fetch(printed.split('\n')[0] ?? '', { redirect: 'manual' })
  expect(entered.headers.get('location')).toBe('/lessons/07-concurrency')
})

test('from the sources, too', async () => {
  const { origin } = await served(['slides', '01'], { EVENTLINGS_SOURCES: '1' })
  expect(await (await fetch(`${origin}/lessons/01-events`)).text()).toContain('<h1')
  expect(await (await fetch(`${origin}/assets/reader.js`)).text()).toContain('prefers-color-scheme')
})

test.skipIf(process.platform === 'win32')(
  'Ctrl-C in the middle of a snippet leaves nothing running',
  async () => {
    const { child, end, origin } = await served(['slides', '01'])
    // The second one runs in its own process.
    const running = fetch(`${origin}/lessons/01-events/snippets/2/run`, {
      method: 'POST',
      headers: { origin },
    })
    const cut = running.then(
      () => {},
      () => {},
    )
    await expect.poll(() => descendants(child.pid ?? 0).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2)
    const started = descendants(child.pid ?? 0)
    child.kill('SIGINT')
    expect((await end).code).toBe(130)
    await cut
    await expect.poll(() => started.filter(isAlive), { timeout: 30_000 }).toEqual([])
  },
)

test("what can't work is explained in a sentence", async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const taken = other.address()
  const port = String(typeof taken === 'object' ? taken?.port : 0)
  const program = programAt(await newHome())
  const said = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await program(...args)
    return [code, stdout, stderr.trim()]
  }
  expect(await said('read', '01', '--web', '--port', port)).toEqual([
    3,
    '',
    `Port ${port} is already in use. Choose another port, or leave out --port to get a free one.`,
  ])
  expect(await said('read', '01', '--web', '--port', 'many')).toEqual([
    2,
    '',
    '--port takes a number from 1 to 65535, not "many".',
  ])
  expect(await said('read', '01', '--port', port)).toEqual([2, '', '--port only works with --web.'])
  expect((await said('read', '99', '--web'))[2]).toContain('No lesson matches "99".')
  expect((await said('slides', '99'))[2]).toContain('No lesson matches "99".')
  expect((await said('slides'))[2]).toContain('Which lesson?')
  expect((await said('slides', '--track', 'nowhere'))[2]).toContain(`There's no track "nowhere".`)
  expect((await said('slides', '01', '--track', 'all'))[2]).toBe('Name either a lesson or --track, not both.')
})
