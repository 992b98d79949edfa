import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { limitBody, listen } from '../../../src/http/index.ts'

const host = '127.0.0.1'

/** A server that replies with what it gets, up to five bytes. */
async function echo(): Promise<string> {
  const app = new Hono()
  app.use(limitBody(5, (context) => context.text('too large', 413)))
  app.all('/', async (context) => {
    const { 'if-match': base = '' } = context.req.header()
    return context.text(`${context.req.method} ${base} ${await context.req.text()}`)
  })
  const { port, close } = await listen(app, { host, port: 0 })
  onTestFinished(close)
  return `http://${host}:${port}/`
}

/** `fetch` announces the length of a string, but not of a stream. */
const bodies = [
  ['announced', (text: string) => text],
  ['not announced', (text: string) => new Blob([text]).stream()],
] as const

test.each(bodies)('a body whose length is %s arrives with its headers, up to the limit', async (_, body) => {
  const address = await echo()
  const send = (text: string) =>
    fetch(address, {
      method: 'PUT',
      headers: { 'if-match': 'h1' },
      body: body(text),
      duplex: 'half',
    } as RequestInit)
  expect(await (await send('ääx')).text()).toBe('PUT h1 ääx')
  const refused = await send('äää')
  expect([refused.status, await refused.text()]).toEqual([413, 'too large'])
})

test('a request without a body is let in', async () => {
  expect(await (await fetch(await echo())).text()).toBe('GET  ')
})
