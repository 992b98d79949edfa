import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { type Asked, onlyByName, onlyChangesFrom } from '../../../src/http/index.ts'

const app = (guard: Parameters<Hono['use']>[1]) =>
  new Hono().use('*', guard).all('/', (context) => context.text('in'))

describe('by name', () => {
  const guarded = app(onlyByName(['127.0.0.1', '[::1]'], (context) => context.text('out', 421)))

  test.each(['127.0.0.1', '127.0.0.1:4000', '[::1]:4000'])('%s is let in', async (host) => {
    expect((await guarded.request('/', { headers: { host } })).status).toBe(200)
  })

  test.each([
    '',
    'localhost',
    'evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    ':',
    '[::',
  ])('"%s" is not', async (host) => {
    expect((await guarded.request('/', { headers: { host } })).status).toBe(421)
  })

  test('nor is a request without a name', async () => {
    expect((await guarded.request('/')).status).toBe(421)
  })
})

describe('changes', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is checked', async (method) => {
    const asked: Asked[] = []
    const guarded = app(
      onlyChangesFrom(
        (one) => asked.push(one) === 0,
        (context) => context.text('out', 403),
      ),
    )
    const headers = { host: 'a', origin: 'http://b', 'sec-fetch-site': 'cross-site' }
    expect((await guarded.request('/', { method, headers })).status).toBe(403)
    expect(asked).toEqual([{ host: 'a', origin: 'http://b', site: 'cross-site' }])
  })

  test.each(['GET', 'HEAD'])('%s changes nothing', async (method) => {
    const guarded = app(
      onlyChangesFrom(
        () => false,
        (context) => context.text('out', 403),
      ),
    )
    expect((await guarded.request('/', { method })).status).toBe(200)
  })

  test('a refusal may throw', async () => {
    const guarded = app(
      onlyChangesFrom(
        () => false,
        () => {
          throw new Error('no')
        },
      ),
    )
    guarded.onError((error, context) => context.text(error.message, 403))
    expect((await guarded.request('/', { method: 'POST' })).status).toBe(403)
  })
})
