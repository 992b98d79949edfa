import { createServer } from 'node:net'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../../../src/http/index.ts'

const host = '127.0.0.1'

test('it serves until it is closed, and then at once no more', async () => {
  const app = new Hono().get('/', (context) => context.text('here'))
  const { port, close } = await listen(app, { host, port: 0 })
  onTestFinished(close)
  expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('here')
  await close()
  await expect(fetch(`http://${host}:${port}`)).rejects.toThrow()
})

test('a port that somebody else has', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, host, resolve))
  onTestFinished(() => void other.close())
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  await expect(listen(new Hono(), { host, port })).rejects.toMatchObject({
    name: 'PortError',
    port,
    code: 'EADDRINUSE',
    message: `Port ${port} is taken by another program. Take another one, or leave --port out and a free one is found.`,
  })
})

test('an address that is none of this machine', async () => {
  // Of a range that is kept for documentation.
  await expect(listen(new Hono(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    name: 'PortError',
    code: 'EADDRNOTAVAIL',
  })
})
