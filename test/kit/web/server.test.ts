import { describe, expect, test } from 'vitest'
import type { RunReply } from '../../../src/web/protocol.ts'
import { readerApp } from '../../../src/web/reader.ts'
import { newLearner } from './reader.ts'

const host = '127.0.0.1:4000'
const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }

/** The pages without a socket; runs are only recorded. */
async function newApp() {
  const learner = await newLearner()
  const ran: string[] = []
  const runner = {
    async run({ slug }: { slug: string }, number: number): Promise<RunReply> {
      ran.push(`${slug} ${number}`)
      return { kind: 'problem', sentence: 'only a test' }
    },
    close: async () => {},
  }
  const app = readerApp({
    learner,
    runner,
    assets: new Map([['page.css', { body: 'p{}', type: 'text/css' }]]),
  })
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { host, ...headers } })
  const post = (path: string, headers: Record<string, string> = own, body?: string) =>
    app.request(path, { method: 'POST', headers, ...(body !== undefined && { body }) })
  return { learner, ran, get, post }
}

describe('who may ask', () => {
  test.each([
    'evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example',
    '',
    '0.0.0.0:4000',
    '[::1]:4000',
  ])('a page under the name "%s" gets nothing', async (name) => {
    const { get } = await newApp()
    expect((await get('/', { host: name })).status).toBe(421)
  })

  test.each(['127.0.0.1:4000', 'localhost:4000'])('%s is this machine', async (name) => {
    const { get } = await newApp()
    expect((await get('/', { host: name })).status).toBe(200)
  })

  test.each([
    ['another site', { host, origin: 'http://evil.example' }],
    ['another port', { host, origin: 'http://127.0.0.1:5000' }],
    ['a page without an origin', { host, origin: 'null' }],
    ['nobody', { host }],
    ['another site that lies', { ...own, 'sec-fetch-site': 'cross-site' }],
  ])('%s runs nothing', async (_, headers) => {
    const { post, ran } = await newApp()
    expect((await post('/lessons/01-events/snippets/1/run', headers)).status).toBe(403)
    expect(ran).toEqual([])
  })

  test('our own page does, and only with POST', async () => {
    const { get, post, ran } = await newApp()
    expect((await get('/lessons/01-events/snippets/1/run')).status).toBe(404)
    expect((await post('/lessons/01-events/snippets/1/run')).status).toBe(200)
    expect(ran).toEqual(['01-events 1'])
  })
})

describe('available addresses', () => {
  test.each(['0', '99', '-1', '1.5', 'one', '%00', '1%20'])('there is no snippet %s', async (number) => {
    const { post, ran } = await newApp()
    const response = await post(`/lessons/01-events/snippets/${number}/run`)
    expect({ status: response.status, ran }).toEqual({ status: 404, ran: [] })
  })

  test('code in a request never runs', async () => {
    const { post, ran } = await newApp()
    const body = JSON.stringify({ code: 'process.exit()', number: 2 })
    await post('/lessons/01-events/snippets/1/run', own, body)
    expect(ran).toEqual(['01-events 1'])
  })

  test.each([
    '/assets/../reader.ts',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/lessons/..%2fREADME',
    '/lessons/README',
    '/slides/..%2f..%2fetc%2fpasswd',
    '/slides/track/nowhere',
    '/package.json',
  ])('%s leads nowhere', async (path) => {
    const { get } = await newApp()
    expect((await get(path)).status).toBe(404)
  })

  test('the picture of a lesson that has one, and no other file', async () => {
    const { get } = await newApp()
    expect(await (await get('/lessons/28-event-store')).text()).toContain(
      '<img src="/pictures/28-event-store.svg" alt="The same as a chart">',
    )
    const picture = await get('/pictures/28-event-store.svg')
    expect(picture.headers.get('content-type')).toBe('image/svg+xml')
    expect(await picture.text()).toContain('<title>Speed of the event store')
    for (const name of ['01-events.svg', '..%2f.github%2fcheck.svg', '28-event-store.md']) {
      expect((await get(`/pictures/${name}`)).status).toBe(404)
    }
  })

  test('too much is refused', async () => {
    const { post } = await newApp()
    expect((await post('/lessons/01-events/quiz/1', own, 'x'.repeat(20_000))).status).toBe(413)
  })

  test.each([
    '',
    '{',
    '[]',
    '{}',
    '{"chosen":[]}',
    '{"chosen":[99]}',
    '{"chosen":["0"]}',
    '{"chosen":{"0":1}}',
  ])('an invalid answer to a question: %s', async (body) => {
    const { learner, post } = await newApp()
    const response = await post('/lessons/01-events/quiz/1', own, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ kind: 'problem', sentence: 'Choose an answer first.' })
    expect(learner.progress.overview().lesson('01-events').quiz).toEqual([])
  })

  test('no hint after the last', async () => {
    const { learner, post } = await newApp()
    const { tasks } = await learner.course.lesson('01-events')
    const count = tasks[0]?.hints.length ?? 0
    for (let i = 0; i < count; i += 1) {
      expect(await (await post('/lessons/01-events/tasks/1/hint')).json()).toMatchObject({ kind: 'hint' })
    }
    const one = await (await post('/lessons/01-events/tasks/1/hint')).json()
    expect(one).toEqual({ kind: 'problem', sentence: 'There are no more hints for this task.' })
    expect(learner.progress.overview().lesson('01-events').hints).toEqual({ 1: count })
  })
})

test('every page forbids scripts and styles other than our own files', async () => {
  const { get } = await newApp()
  for (const path of ['/', '/lessons/01-events', '/slides/01-events', '/nowhere']) {
    const response = await get(path)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|data:/)
    expect(await response.text()).not.toMatch(/ style=|<style| on[a-z]+=|javascript:/)
  }
})

test('a question that belongs to a snippet is above it, not in the quiz', async () => {
  const { learner, get } = await newApp()
  const { quiz } = await learner.course.lesson('01-events')
  const page = await (await get('/lessons/01-events')).text()
  const at = (text: string) => {
    const found = page.split(text).length - 1
    expect({ text, found }).toEqual({ text, found: 1 })
    return page.indexOf(text)
  }
  const quizAt = at('<h2 id="quiz">')
  for (const [index, { before }] of quiz.entries()) {
    const question = at(`&quot;question-${index + 1}&quot;`)
    if (before === undefined) expect(question).toBeGreaterThan(quizAt)
    else {
      expect(question).toBeGreaterThan(at(`/snippets/${before - 1}/run`))
      expect(question).toBeLessThan(at(`/snippets/${before}/run`))
    }
  }
})

test('the glossary explains each word below a heading that links can name', async () => {
  const { get } = await newApp()
  const glossary = await (await get('/glossary')).text()
  expect(glossary).toContain('<h2 id="read-model">Read model</h2>')
  expect(glossary).toContain('href="/lessons/08-projections"')
  expect(await (await get('/')).text()).toContain('href="/glossary"')
  expect(await (await get('/lessons/08-projections')).text()).toContain('href="/glossary#projection"')
})

test('an unknown address gets a page that says so', async () => {
  const { get } = await newApp()
  const response = await get('/lessons/99-nowhere')
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('Page not found')
})

test('an unknown theme is ignored', async () => {
  const { get } = await newApp()
  expect(await (await get('/', { cookie: 'theme=dark' })).text()).toContain('data-theme="dark"')
  expect(await (await get('/', { cookie: 'theme="><script>' })).text()).not.toContain('data-theme')
})

test('the list of lessons says where to continue, in which track, and what its signs mean', async () => {
  const { learner, get } = await newApp()
  expect(await (await get('/')).text()).toContain('Start <a href="/lessons/01-events">01 · Events</a>')
  await learner.progress.record('TRACK_CHOSEN', 'course', { track: 'blog' })
  await learner.progress.record('LESSON_OPENED', '04-streams', {})
  const page = await (await get('/')).text()
  expect(page).toMatch(
    /You follow the track blog: 0 of \d+ passed\. Continue with <a href="\/lessons\/04-streams">/,
  )
  expect(page.match(/aria-current/g)).toHaveLength(1)
  expect(page).toMatch(/class="legend">[\s\S]*started[\s\S]*skipped/)
})
