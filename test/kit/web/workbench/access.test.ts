import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cookieOf, newBenchApp, own, strangers } from './bench-app.ts'

const file = '/workbench/01-events/file'
const save = (headers: Record<string, string> = own) => ({
  method: 'PUT',
  headers: { ...headers, 'if-match': 'none' },
  body: 'export const mine = 1\n',
})

describe('getting in', () => {
  test.each(['/', '/lessons/01-events', '/glossary', '/slides/01-events', '/workbench/01-events/events'])(
    'without an invitation, %s shows nothing',
    async (path) => {
      const { raw } = await newBenchApp()
      const response = await raw(path)
      expect(response.status).toBe(401)
      expect(await response.text()).not.toMatch(/Ada|appendEvent/)
    },
  )

  test('an invitation works once, becomes a cookie that no script and no other site gets, and leaves the address', async () => {
    const { raw, access } = await newBenchApp()
    const address = access.invitation('/lessons/01-events')
    const first = await raw(address)
    expect(first.status).toBe(303)
    expect(first.headers.get('location')).toBe('/lessons/01-events')
    const given = first.headers.get('set-cookie') ?? ''
    expect(given).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(address).not.toContain(cookieOf(first).split('=')[1])
    const second = await raw(address)
    expect(second.status).toBe(401)
    expect(second.headers.get('set-cookie')).toBeNull()
    // The browser that used it may follow the address again.
    expect((await raw(address, { headers: { cookie: cookieOf(first) } })).status).toBe(303)
  })

  test('after a click on a page of another site, a page of our own leads on, so that the cookie comes along', async () => {
    const { raw, access } = await newBenchApp()
    const response = await raw(access.invitation('/lessons/01-events'), {
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie')).toContain('HttpOnly')
    expect(await response.text()).toContain('content="0;url=/lessons/01-events"')
  })

  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/"><script>',
  ])('an invitation never leads to %s', async (to) => {
    const { raw, access } = await newBenchApp()
    expect((await raw(access.invitation(to))).headers.get('location')).toBe('/')
  })

  test.each([
    ['none', ''],
    ['an empty one', 'eventlings-workbench-4000='],
    ['a wrong one', `eventlings-workbench-4000=${'A'.repeat(43)}`],
    ['one with another name', 'session=1'],
  ])('with the cookie: %s, nothing is written', async (_, cookie) => {
    const { raw, learner } = await newBenchApp()
    expect((await raw(file, save({ ...own, cookie }))).status).toBe(401)
    expect(existsSync(learner.home.answer('01-events'))).toBe(false)
  })

  test('each start has its own cookie', async () => {
    const [one, other] = [await newBenchApp(), await newBenchApp()]
    expect((await other.raw('/', { headers: { cookie: one.cookie } })).status).toBe(401)
  })

  test('only the program with the key gets another invitation', async () => {
    const { raw, ask, access } = await newBenchApp()
    const path = '/workbench/invitation?to=/lessons/07-concurrency'
    expect((await raw(path)).status).toBe(403)
    expect((await ask(path)).status, "a page isn't the program").toBe(403)
    expect((await raw(path, { headers: { authorization: 'Bearer wrong' } })).status).toBe(403)
    const response = await raw(path, { headers: { authorization: `Bearer ${access.ownerKey}` } })
    const { path: given } = (await response.json()) as { path: string }
    expect((await raw(given)).headers.get('location')).toBe('/lessons/07-concurrency')
  })
})

describe('a browser with the cookie', () => {
  test.each(['evil.example:4000', '127.0.0.1.evil.example', '', '0.0.0.0:4000'])(
    'gets nothing under the name "%s"',
    async (name) => {
      const { ask } = await newBenchApp()
      expect((await ask('/', { headers: { host: name } })).status).toBe(421)
    },
  )

  test.each(strangers)('saves and checks nothing from %s', async (_, headers) => {
    const { ask, learner, edited } = await newBenchApp()
    expect((await ask(file, save(headers))).status).toBe(403)
    expect((await ask('/workbench/01-events/check', { method: 'POST', headers })).status).toBe(403)
    expect((await ask('/workbench/01-events/editor?line=1', { method: 'POST', headers })).status).toBe(403)
    expect({ written: existsSync(learner.home.answer('01-events')), edited }).toEqual({
      written: false,
      edited: [],
    })
  })

  test('gets no events on a page of another port, which is on the same site', async () => {
    const { ask, learner } = await newBenchApp()
    const headers = { ...own, 'sec-fetch-site': 'same-site' }
    expect((await ask('/workbench/01-events/events', { headers })).status).toBe(403)
    expect(existsSync(learner.home.answer('01-events'))).toBe(false)
  })

  test('saves a lesson from its own page', async () => {
    const { ask, learner } = await newBenchApp()
    const { mkdir } = await import('node:fs/promises')
    await mkdir(learner.home.workspace, { recursive: true })
    const response = await ask(file, save())
    expect(await response.json()).toMatchObject({ kind: 'saved' })
    expect(readFileSync(learner.home.answer('01-events'), 'utf8')).toBe('export const mine = 1\n')
  })
})

describe('an address that --origin allows', () => {
  const origin = 'https://name-4000.app.github.dev'

  test.each([
    ['with its own name', { host: 'name-4000.app.github.dev', origin }],
    ['through a forwarder that calls us localhost', { host: 'localhost:4000', origin }],
  ])('is let in %s', async (_, headers) => {
    const { raw, access } = await newBenchApp({ origin })
    const entered = await raw(access.invitation('/'), { headers })
    const cookie = cookieOf(entered)
    const response = await raw('/workbench/01-events/check', {
      method: 'POST',
      headers: { ...headers, cookie },
    })
    expect(response.status).toBe(202)
    const isEncrypted = headers.host.endsWith('.dev')
    expect(entered.headers.get('set-cookie')?.includes('; Secure')).toBe(isEncrypted)
  })

  test.each([
    'https://other-4000.app.github.dev',
    'http://name-4000.app.github.dev',
    `${origin}.evil.example`,
  ])("%s isn't", async (from) => {
    const { ask } = await newBenchApp({ origin })
    const headers = { host: 'localhost:4000', origin: from }
    expect((await ask('/workbench/01-events/check', { method: 'POST', headers })).status).toBe(403)
  })
})

test('the page forbids scripts and styles from anywhere else, and its nonce is new each time', async () => {
  const { ask } = await newBenchApp()
  const [one, other] = [await ask('/lessons/01-events'), await ask('/lessons/01-events')]
  const policy = (response: Response) => response.headers.get('content-security-policy') ?? ''
  expect(policy(one)).toContain("default-src 'none'")
  expect(policy(one)).toContain("script-src 'self';")
  expect(policy(one)).not.toMatch(/unsafe|\*|data:/)
  const nonce = /'nonce-([^']+)'/.exec(policy(one))?.[1] ?? ''
  expect(await one.text()).toContain(`data-nonce="${nonce}"`)
  expect(nonce.length).toBeGreaterThan(15)
  expect(policy(other)).not.toContain(nonce)
  expect(await other.text()).not.toMatch(/ style=|<style| on[a-z]+=|javascript:/)
})
