import { connect, createServer } from 'node:net'
import { Hono } from 'hono'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../../src/common/free-port.ts'
import { listen } from '../../../src/http/index.ts'

vi.mock('../../../src/common/free-port.ts', async (original) => {
  const { freePort: found, ...others } = await original<typeof import('../../../src/common/free-port.ts')>()
  return { ...others, freePort: vi.fn(found) }
})

const host = '127.0.0.1'

test('it serves until it is closed, and stops at once', async () => {
  const app = new Hono().get('/', (context) => context.text('here'))
  const { port, close } = await listen(app, { host, port: 0 })
  onTestFinished(close)
  expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('here')
  await close()
  await expect(fetch(`http://${host}:${port}`)).rejects.toThrow()
})

test('a port in use', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, host, resolve))
  onTestFinished(() => void other.close())
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  await expect(listen(new Hono(), { host, port })).rejects.toMatchObject({
    name: 'PortError',
    port,
    code: 'EADDRINUSE',
    message: `Port ${port} is already in use. Choose another port, or leave out --port to get a free one.`,
  })
})

test('a free port that another program takes in between is left to it', async () => {
  const thief = createServer()
  const taken = await freePort()
  await new Promise<void>((resolve) => thief.listen(taken, host, resolve))
  onTestFinished(() => void thief.close())
  vi.mocked(freePort).mockResolvedValueOnce(taken)
  const { port, close } = await listen(new Hono(), { host, port: 0 })
  onTestFinished(close)
  expect(port).not.toBe(taken)
})

test("an address that this machine doesn't have", async () => {
  // From a range that is reserved for documentation.
  await expect(listen(new Hono(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    name: 'PortError',
    code: 'EADDRNOTAVAIL',
  })
})

test.each([
  ['head', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
  ['body', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n['],
])('a client that never ends the %s of its request is sent away', async (_, begin) => {
  const app = new Hono().post('/', async (context) =>
    context.text(await context.req.text().catch(() => 'cut off')),
  )
  const { port, close } = await listen(app, { host, port: 0, timeouts: { headers: 100, request: 200 } })
  onTestFinished(close)
  const socket = connect(port, host)
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk
  })
  socket.on('error', () => {}) // it may be reset
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(begin)
  await closed
  expect(said).toMatch(/^HTTP\/1\.1 408 /)
})
