import type { Page } from 'playwright-core'
import { describe as anyDescribe, test as anyTest, expect } from 'vitest'
import { type ClassView, paths } from '../../../src/classroom/api.ts'
import { Tickets } from '../../../src/classroom/http/tickets.ts'
import { sentencesOf } from '../../../src/classroom/projections/sentences.ts'
import { pagesOfClass } from '../../../src/web/class-pages.ts'
import { call, embedded, failed, join, passed, progress, secret, send, serve } from '../classroom/class.ts'
import { recordingOf, runOf } from '../classroom/recordings.ts'
import { need } from '../need.ts'
import { axe } from './axe.ts'
import { browserForTests } from './reader.ts'

const addPages = await pagesOfClass()

/** What the course says, as the wall may show it. */
const inTheCoursesWords = sentencesOf(
  new Map([['07-concurrency', [['The check and the append are two commands: ', '.']]]]),
  [],
)

/** A class of three: one passed, two fail by the same, one of them with a hand up and a name that tries to be markup. */
async function openClass(tickets?: Tickets) {
  const options = { addPages, inTheCoursesWords, ...(tickets && { tickets }) }
  const served = await serve(await embedded(), undefined, options)
  served.hub.setAddresses([served.origin])
  const ada = await join(served, 'Ada', true)
  const bo = await join(served, '<img src=x onerror=alert(1)>')
  const cy = await join(served, 'Cy')
  const diagnosis = 'The check and the append are two commands: `XLEN`, then `XADD`.'
  await send(served, ada.token, 0, [
    progress(1, 'LESSON_OPENED', '01-events'),
    failed(2, '01-events', 'createEvent', 'createEvent reads the clock twice.'),
    passed(3, '01-events'),
  ])
  await send(served, bo.token, 0, [failed(1, '07-concurrency', 'appendEvent', diagnosis)])
  await send(served, cy.token, 0, [failed(1, '07-concurrency', 'appendEvent', diagnosis)])
  return { served, ada, bo, cy }
}

const wholeCourse = Array.from({ length: 28 }, (_, index) => {
  const number = String(index + 1).padStart(2, '0')
  return { slug: `${number}-lesson`, number, title: `Lesson ${number}` }
})

async function isWholeOnScreen(page: Page, selector: string): Promise<boolean> {
  const box = await page.locator(selector).boundingBox()
  return box !== null && box.y >= 0 && box.y + box.height <= (page.viewportSize()?.height ?? 0)
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Secret').fill(secret)
  await page.getByRole('button', { name: 'Open the dashboard' }).click()
}

const command = (served: { readonly origin: string }, body: object) =>
  call(served, paths.command, { token: secret, body })

anyDescribe('the pages of a class, without a browser', () => {
  anyTest('no one sees anything of the class without the secret', async () => {
    const { served } = await openClass()
    for (const address of [
      '/instructor',
      '/instructor/projector',
      '/instructor/participants/x',
      '/instructor/join.svg',
    ]) {
      const response = await fetch(`${served.origin}${address}`)
      expect([401, 404]).toContain(response.status)
      expect(await response.text()).not.toMatch(/Ada|Cy|appendEvent/)
    }
    const front = await fetch(`${served.origin}/`)
    const text = await front.text()
    expect(text).toContain('npx eventlings class join')
    expect(text).not.toContain(served.classInfo.joinCode)
    expect(front.headers.get('content-security-policy')).toContain("script-src 'self'")
  })

  anyTest('assets are compressed, and not sent again', async () => {
    const { served } = await openClass()
    const address = `${served.origin}/assets/class.js`
    const first = await fetch(address)
    expect(first.headers.get('content-encoding')).toBe('gzip')
    const etag = first.headers.get('etag') ?? ''
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  anyTest('only the files of the pages are served', async () => {
    const { served } = await openClass()
    for (const address of ['/assets/../package.json', '/assets/%2e%2e%2fpackage.json', '/assets/class.tsx']) {
      expect((await fetch(`${served.origin}${address}`)).status).toBe(404)
    }
  })
})

need('chromium').describe('the pages of a class', () => {
  const browser = browserForTests()
  // The form reports a missing login with 401, which Chromium writes to the console.
  const unauthorized = /status of 401/

  anyTest('from the secret to the lights, live', async () => {
    const { served, bo } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await page.getByLabel('Secret').fill('wrong')
    await page.getByRole('button', { name: 'Open the dashboard' }).click()
    await page.getByText("isn't the secret").waitFor()
    await logIn(page)
    await page.getByText('3 learners').waitFor()
    expect(page.url()).not.toContain(secret)
    expect(await page.locator('.diagnosis code').allInnerTexts()).toEqual(['XLEN', 'XADD'])
    await page.getByText('2 of 3').waitFor()
    const ada = page.getByRole('row', { name: /Ada/ })
    expect(await ada.locator('td.light.passed').count()).toBe(1)
    // Markup in a name is text.
    await page.getByRole('link', { name: '<img src=x onerror=alert(1)>' }).waitFor()
    await send(served, bo.token, 1, [passed(2, '07-concurrency')])
    await page.getByText('1 of 3').waitFor()
    expect(await axe(page)).toEqual([])
  })

  anyTest('overlong lists are reachable by keyboard', async () => {
    const served = await serve(await embedded(), undefined, { addPages, lessons: wholeCourse })
    const { token } = await join(served, 'Ada')
    await send(served, token, 0, [failed(1, '01-lesson', 'append', 'It is wrong. '.repeat(100))])
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await logIn(page)
    await page.getByText('1 learner').waitFor()
    await page.getByRole('region', { name: 'All lessons' }).focus()
    const scrolledToTheEnd = `(({ scrollTop, scrollHeight, clientHeight }) =>
      scrollTop > 0 && scrollTop + clientHeight > scrollHeight - 2)(document.querySelector('.histogram .high'))`
    await page.keyboard.press('End')
    await expect.poll(() => page.evaluate(scrolledToTheEnd)).toBe(true)
    expect(await axe(page)).toEqual([])
  })

  anyTest('instructor messages arrive', async () => {
    const { served, ada } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await logIn(page)
    await page.getByLabel('The class is at').selectOption('07-concurrency')
    await page.getByLabel('Message to all').fill('Coffee at ten')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('“Coffee at ten”').waitFor()
    await page.getByRole('button', { name: 'Start timer' }).click()
    await page.getByText(/^(10:00|9:5\d)$/).waitFor()
    const { body } = await call<{ lead: object }>(served, paths.view, { token: ada.token })
    expect(body.lead).toMatchObject({ position: '07-concurrency', message: { text: 'Coffee at ten' } })
  })

  anyTest('a timer and a break are named, and end automatically', async () => {
    const { served } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await logIn(page)
    await command(served, { do: 'timer', minutes: 5 })
    await page.getByText(/^Timer: [45]:\d\d$/).waitFor()
    for (const what of ['timer', 'pause']) await command(served, { do: what, minutes: 0.05 })
    await command(served, { do: 'message', text: 'Said after them' })
    await page.getByText('“Said after them”').waitFor()
    for (const label of [/^Timer:/, /^Break:/]) await page.getByText(label).waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Break', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Stop timer' }).count()).toBe(0)
  })

  anyTest('sorts and filters', async () => {
    const { served } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await logIn(page)
    const names = page.locator('tbody th a')
    await page.getByRole('combobox', { name: /^Order/ }).selectOption('progress')
    await expect.poll(() => names.first().innerText()).toBe('Ada')
    await page.getByRole('combobox', { name: /^Show/ }).selectOption('failing')
    await expect.poll(() => names.count()).toBe(2)
    await page.getByLabel('Find').fill('cy')
    await expect.poll(() => names.allInnerTexts()).toEqual(['Cy'])
    await page.getByText('1 of 3 shown').waitFor()
  })

  anyTest('a participant, attempt by attempt, with the code that was shared', async () => {
    const { served, ada } = await openClass()
    const body = { eventId: '', slug: '01-events', code: 'one\ntwo\n' }
    const first = failed(4, '01-events', 'createEvent', 'No.')
    const second = passed(5, '01-events')
    await send(served, ada.token, 3, [first, second])
    await call(served, paths.code, { token: ada.token, body: { ...body, eventId: first.eventId } })
    await call(served, paths.code, {
      token: ada.token,
      body: { ...body, eventId: second.eventId, code: 'one\n<b>three</b>\n' },
    })
    const page = await browser.open(
      `${served.origin}/instructor/participants/${ada.learner}`,
      {},
      unauthorized,
    )
    await logIn(page)
    await page.getByText('4 of 4').waitFor()
    expect(await page.locator('.diff ins').innerText()).toContain('+ <b>three</b>')
    expect(await page.locator('.diff del').innerText()).toContain('- two')
    await page.getByRole('button', { name: '← Earlier' }).click()
    await page.getByText('3 of 4').waitFor()
    expect(await page.locator('.diff').innerText()).toContain('two')
    expect(await axe(page)).toEqual([])
    // By keyboard: the lights are steps, too.
    const lights = page.getByRole('group', { name: 'Every attempt' })
    expect(await lights.locator('label').allInnerTexts()).toEqual(['✗', '✓', '✗', '✓'])
    await lights.getByRole('radio', { checked: true }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByText('2 of 4').waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.getByText('createEvent reads the clock twice.').waitFor()
    expect(await page.getByRole('button', { name: '← Earlier' }).isDisabled()).toBe(true)
    // A chosen attempt stays chosen when others come, and its address leads to it.
    await send(served, ada.token, 5, [passed(6, '01-events')])
    await page.getByText('1 of 5').waitFor()
    await page.reload()
    await page.getByText('1 of 5').waitFor()
    await page.getByRole('link', { name: 'Cy' }).waitFor({ state: 'hidden' })
    await page.getByRole('link', { name: '<img src=x onerror=alert(1)> →' }).click()
    await page.getByRole('heading', { name: '<img' }).waitFor()
  })

  anyTest(
    'an attempt is reviewed on the wall, without a name, until its participant takes it back',
    async () => {
      const { served, ada } = await openClass()
      const first = failed(4, '01-events', 'createEvent', 'The `payload` is lost.')
      await send(served, ada.token, 3, [first])
      const code = { eventId: first.eventId, slug: '01-events', code: 'const answer = 42\n' }
      await call(served, paths.code, { token: ada.token, body: code })
      const page = await browser.open(
        `${served.origin}/instructor/participants/${ada.learner}`,
        {},
        unauthorized,
      )
      await logIn(page)
      await page.getByRole('button', { name: 'Review on the wall' }).click()
      await page.getByRole('heading', { name: 'On the wall, without a name' }).waitFor()
      expect(await axe(page)).toEqual([])
      expect(served.hub.overview().announcements.shown).toBeUndefined()
      const wall = await page.context().newPage()
      await wall.goto(`${served.origin}/instructor/projector`)
      await wall.getByText(served.classInfo.joinCode).waitFor()
      await page.getByRole('button', { name: 'Show it' }).click()
      await wall.getByText('const answer = 42').waitFor()
      expect(await wall.locator('body').innerText()).toContain('The payload is lost.')
      expect(await wall.locator('body').innerText()).not.toMatch(/Ada|Cy|:\d\d:\d\d/)
      expect(await axe(wall)).toEqual([])
      // Learners don't learn whose it is.
      expect(
        (await call<ClassView>(served, paths.view, { token: ada.token })).body.lead.shown,
      ).toBeUndefined()
      await call(served, paths.share, { token: ada.token, body: { share: false } })
      await wall.getByText('const answer = 42').waitFor({ state: 'hidden' })
      await call(served, paths.leave, { token: ada.token, body: {} })
      await wall.getByText('The payload is lost.').waitFor({ state: 'hidden' })
    },
  )

  anyTest('the race of a participant, step by step, on their page and on the wall', async () => {
    const { served, ada } = await openClass()
    const check = failed(4, '07-concurrency', 'appendEvent', 'Both won.')
    await send(served, ada.token, 3, [check])
    const recorded = runOf(check, recordingOf('07-concurrency'))
    expect((await call(served, paths.run, { token: ada.token, body: recorded })).status).toBe(200)
    const page = await browser.open(
      `${served.origin}/instructor/participants/${ada.learner}`,
      {},
      unauthorized,
    )
    await logIn(page)
    await page.getByRole('heading', { name: 'What happened in Redis' }).waitFor()
    const marks = page.locator('.lanes .mark')
    expect((await marks.allInnerTexts()).map((mark) => mark.trim())).toEqual(['looked', 'changed', 'wrote'])
    const slider = page.getByRole('slider', { name: 'Step' })
    await slider.focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByText('3 of 4', { exact: true }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByRole('button', { name: 'Show this run on the wall' }).click()
    await page.getByRole('heading', { name: 'On the wall, without a name' }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByRole('button', { name: 'Show it' }).click()
    const wall = await page.context().newPage()
    await wall.setViewportSize({ width: 1280, height: 400 })
    await wall.goto(`${served.origin}/instructor/projector`)
    await wall.getByText('0 of 4', { exact: true }).waitFor()
    // The class may guess what comes next.
    expect(await wall.getByText('wrote').count()).toBe(0)
    expect(await wall.locator('.lanes .mark').count()).toBe(0)
    expect(await wall.locator('body').innerText()).not.toMatch(/Ada|Cy|workspace/)
    for (const key of ['PageDown', ' ', 'ArrowRight', 'PageDown']) await wall.keyboard.press(key)
    await wall.getByText('4 of 4', { exact: true }).waitFor()
    await wall.getByText('Step 4 wrote what was decided at step 1.').waitFor()
    await expect.poll(() => isWholeOnScreen(wall, '.lanes [aria-current]')).toBe(true)
    await wall.keyboard.press('b')
    await wall.keyboard.press('b')
    await wall.keyboard.press('PageUp')
    await wall.getByText('3 of 4', { exact: true }).waitFor()
    expect(await axe(wall)).toEqual([])
    await call(served, paths.share, { token: ada.token, body: { share: false } })
    await wall.getByText("That run isn't here anymore.").waitFor()
  })

  anyTest('a clicker leads through the wall, and makes it black', async () => {
    const { served } = await openClass()
    const page = await browser.open(`${served.origin}/instructor/projector`, {}, unauthorized)
    await logIn(page)
    await command(served, { do: 'position', slug: '07-concurrency' })
    await command(served, { do: 'show', text: 'Look at this' })
    await page.getByText('Look at this').waitFor()
    await page.keyboard.press('PageUp')
    await page.getByText('Stuck on right now').waitFor()
    await command(served, { do: 'timer', minutes: 10, text: 'Task 1' })
    await command(served, { do: 'message', text: 'Coffee at ten' })
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.keyboard.press('ArrowLeft')
    await page.getByText('npx eventlings class join').waitFor()
    await page.getByText('Coffee at ten').waitFor()
    await expect.poll(() => isWholeOnScreen(page, '.join-big img')).toBe(true)
    for (const key of ['PageDown', ' ']) await page.keyboard.press(key)
    await page.getByText('Look at this').waitFor()
    await page.keyboard.press('b')
    await page.getByText('Look at this').waitFor({ state: 'hidden' })
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")).toBe(
      'rgb(0, 0, 0)',
    )
    // The next click brings back what was there.
    await page.keyboard.press('PageDown')
    await page.getByText('Look at this').waitFor()
    await page.keyboard.press('Home')
    await page.getByText('npx eventlings class join').waitFor()
    // What the instructor does is seen at once, wherever the wall was.
    await command(served, { do: 'show', text: 'And at this' })
    await page.getByText('And at this').waitFor()
  })

  anyTest('a clicker scrolls through an attempt that is longer than the wall, and back', async () => {
    const { served, ada } = await openClass()
    const check = failed(4, '01-events', 'createEvent', 'No.')
    await send(served, ada.token, 3, [check])
    const lines = Array.from(
      { length: 120 },
      (_, n) => `const line${n} = ${'1 + '.repeat(n === 60 ? 80 : 1)}1`,
    )
    const code = { eventId: check.eventId, slug: '01-events', code: lines.join('\n') }
    await call(served, paths.code, { token: ada.token, body: code })
    const page = await browser.open(`${served.origin}/instructor/projector`, {}, unauthorized)
    await logIn(page)
    await command(served, { do: 'position', slug: '01-events' })
    await command(served, { do: 'show attempt', participant: ada.learner, eventId: check.eventId })
    await page.getByText('line119').waitFor()
    // Nothing is hidden in a box that only a mouse can scroll.
    const hidden = `(({ scrollWidth, scrollHeight, clientWidth, clientHeight }) =>
      [scrollWidth - clientWidth, scrollHeight - clientHeight])(document.querySelector('.code'))`
    expect(await page.evaluate(hidden)).toEqual([0, 0])
    const at = () => page.evaluate<number>('window.scrollY')
    const end = await page.evaluate<number>('document.documentElement.scrollHeight - window.innerHeight')
    const keys = ['PageDown', 'ArrowDown', ' ', 'ArrowRight']
    for (let n = 0; (await at()) < end - 1; n += 1) {
      const before = await at()
      await page.keyboard.press(keys[n % keys.length] ?? '')
      expect(await at()).toBeGreaterThan(before)
    }
    const isOnWall = () => page.getByText('line119').isVisible()
    expect(await isOnWall()).toBe(true)
    while ((await at()) > 0) await page.keyboard.press('PageUp')
    expect(await isOnWall()).toBe(true)
    // Then on to the other screens, which begin at their top.
    await page.keyboard.press('PageUp')
    await page.getByText('Stuck on right now').waitFor()
    await page.keyboard.press('PageDown')
    await page.getByText('line119').waitFor()
    expect(await at()).toBe(0)
  })

  anyTest('the QR code leads to the whole command, and an invalid code does not get into it', async () => {
    const { served } = await openClass()
    const page = await browser.open(`${served.origin}/#${served.classInfo.joinCode}`)
    const command = page.locator('#join-command')
    await expect
      .poll(() => command.innerText())
      .toBe(`npx eventlings class join ${served.origin} --code ${served.classInfo.joinCode} --as NAME`)
    await page.goto(`${served.origin}/?x#;rm -rf`)
    await expect.poll(() => command.innerText()).toContain('--code CODE --as NAME')
    expect(await axe(page)).toEqual([])
  })

  anyTest('the wall names no one', async () => {
    const { served } = await openClass()
    const page = await browser.open(
      `${served.origin}/instructor/projector`,
      { colorScheme: 'dark' },
      unauthorized,
    )
    await logIn(page)
    // Until the class is somewhere, the wall is for joining: readable from the last row.
    await page.getByText(served.classInfo.joinCode).waitFor()
    const heightOf = async (text: string) =>
      (await page.getByText(text, { exact: true }).boundingBox())?.height ?? 0
    expect(await heightOf(served.classInfo.joinCode)).toBeGreaterThan(100)
    expect(await heightOf(served.origin.replace('http://', ''))).toBeGreaterThan(50)
    expect(await page.getByText('Stuck on right now').count()).toBe(0)
    expect(await axe(page)).toEqual([])
    await command(served, { do: 'position', slug: '01-events' })
    await page.getByText('We are at 01 · Events').waitFor()
    const text = await page.locator('body').innerText()
    expect(text).toContain('2 of 3')
    expect(text).toContain('1 passed, 2 not tried')
    expect(text).toContain('The check and the append are two commands: ….')
    // Not the rest, which a participant sent: it could be anything.
    expect(text).not.toMatch(/Ada|Cy|onerror|XLEN|appendEvent/)
    expect(await axe(page)).toEqual([])
  })

  anyTest('what a participant was told is on the wall once the instructor has seen it', async () => {
    const { served } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, unauthorized)
    await logIn(page)
    await page.getByText('Who', { exact: true }).click()
    await page.getByRole('button', { name: 'Show on the wall' }).click()
    await page.getByLabel('On the wall').fill('Why are `XLEN` and `XADD` two steps?')
    expect(served.hub.overview().announcements.shown).toBeUndefined()
    await page.getByRole('button', { name: 'Show it' }).click()
    await page.getByText('On the wall: “Why are').waitFor()
    const wall = await page.context().newPage()
    await wall.goto(`${served.origin}/instructor/projector`)
    await wall.getByText('two steps?').waitFor()
    await page.getByRole('button', { name: 'Take it down' }).click()
    await wall.getByText('two steps?').waitFor({ state: 'hidden' })
    expect(await axe(page)).toEqual([])
  })

  anyTest('a participant is told something, renamed, merged, removed, and brought back', async () => {
    const { served, ada, cy } = await openClass()
    const page = await browser.open(
      `${served.origin}/instructor/participants/${cy.learner}`,
      {},
      unauthorized,
    )
    await logIn(page)
    await page.getByLabel('Message').fill('Look at line 12')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('“Look at line 12”').waitFor()
    const viewOf = async (token: string) => (await call<ClassView>(served, paths.view, { token })).body
    expect(await viewOf(cy.token)).toMatchObject({ note: { text: 'Look at line 12' } })
    expect((await viewOf(ada.token)).note).toBeUndefined()
    await page.getByText('Rename, merge, or remove').click()
    await page.getByLabel('New name').fill('Cynthia')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('heading', { name: 'Cynthia' }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByLabel('The same person as').selectOption('Ada')
    await page.getByRole('button', { name: 'Merge' }).click()
    await page.getByRole('heading', { name: 'Ada' }).waitFor()
    await page.getByText('3 of 3').waitFor()
    expect((await viewOf(cy.token)).label).toBe('Ada')
    await page.getByText('Rename, merge, or remove').click()
    await page.getByRole('button', { name: 'Remove Ada' }).click()
    await page.getByText('1 learner', { exact: true }).waitFor()
    expect((await send(served, cy.token, 1, [passed(2, '07-concurrency')])).body).toEqual({
      kind: 'join again',
    })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('2 learners', { exact: true }).waitFor()
    expect((await send(served, cy.token, 1, [passed(2, '07-concurrency')])).body).toMatchObject({ stored: 1 })
    const row = page.getByRole('row', { name: /Ada/ })
    await expect.poll(() => row.locator('td.light.passed').count()).toBe(2)
  })

  anyTest.each([
    [{ locale: 'en-US', timezoneId: 'America/New_York' }, /joined 2:05:07\sPM/],
    [{ locale: 'de-DE', timezoneId: 'Europe/Berlin' }, /joined 20:05:07/],
  ])('a time in the afternoon reads as it does on the clock there: %j', async (place, joined) => {
    const now = () => new Date('2026-05-02T18:05:07.000Z')
    const served = await serve(await embedded(), undefined, { addPages, now })
    const { learner } = await join(served, 'Ada')
    const page = await browser.open(
      `${served.origin}/instructor/participants/${learner}`,
      place,
      unauthorized,
    )
    await logIn(page)
    await page.getByText(joined).waitFor()
  })

  anyTest('the class is managed from its page: code, solutions, closing, logging out', async () => {
    const tickets = new Tickets(secret)
    const { served } = await openClass(tickets)
    const ticket = tickets.issue()
    // A browser that was started with a ticket is logged in, and the ticket is gone.
    const page = await browser.open(`${served.origin}/instructor#${ticket}`, {}, unauthorized)
    await page.getByText('live', { exact: true }).waitFor()
    expect(page.url()).toBe(`${served.origin}/instructor`)
    expect((await call(served, paths.login, { body: { secret: ticket } })).status).toBe(401)
    const solution = page.getByLabel('Solution to')
    await solution.selectOption('01-events')
    await page.getByRole('button', { name: 'Release' }).click()
    await page.getByText('released: 01').waitFor()
    await page.getByRole('button', { name: 'Take back' }).click()
    await page.getByText('released: 01').waitFor({ state: 'hidden' })
    await page.getByText('Manage the class').click()
    const before = served.hub.classInfo.joinCode
    await page.getByRole('button', { name: 'New join code' }).click()
    await page.getByText(before).waitFor({ state: 'hidden' })
    await page.getByText(served.hub.classInfo.joinCode).waitFor()
    await page.getByRole('button', { name: 'Close the class' }).click()
    await page.getByText('· closed').waitFor()
    await page.getByRole('button', { name: 'Reopen the class' }).click()
    await page.getByText('· closed').waitFor({ state: 'hidden' })
    expect(await axe(page)).toEqual([])
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    await page.getByLabel('Secret').waitFor()
    // From anywhere: by command, for a browser on a laptop that isn't at hand.
    await logIn(page)
    await page.getByText('live', { exact: true }).waitFor()
    const cookies = await page.context().cookies()
    await command(served, { do: 'log out' })
    await page.getByLabel('Secret').waitFor()
    await page.context().addCookies(cookies)
    expect((await page.context().request.get(`${served.origin}${paths.overview}`)).status()).toBe(401)
    await logIn(page)
    await page.getByText('live', { exact: true }).waitFor()
  })

  anyTest('a page that lost the hub says so, and updates when it is back', async () => {
    const { served, cy } = await openClass()
    const page = await browser.open(`${served.origin}/instructor`, {}, /status of 401|ERR_/)
    await logIn(page)
    await page.getByText('live', { exact: true }).waitFor()
    await page.context().setOffline(true)
    // This doesn't cut existing connections; it refuses new ones.
    await page.evaluate("window.dispatchEvent(new Event('offline'))")
    await page.getByText("The hub isn't answering").waitFor()
    await send(served, cy.token, 1, [passed(2, '07-concurrency')])
    await page.context().setOffline(false)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await page.getByText('live', { exact: true }).waitFor()
    await page.getByText('1 of 3').waitFor()
  })

  anyTest('nothing is wider than a phone', async () => {
    const served = await serve(await embedded(), undefined, { addPages, lessons: wholeCourse })
    const { token } = await join(served, 'Ada')
    const hand = { text: 'Why?', class: served.classInfo.id }
    await send(served, token, 0, [
      failed(1, '01-lesson', 'append', 'No.'),
      progress(2, 'HAND_RAISED', '01-lesson', hand),
    ])
    const page = await browser.open(
      `${served.origin}/instructor`,
      { viewport: { width: 360, height: 740 } },
      unauthorized,
    )
    await logIn(page)
    await page.getByText('1 learner').waitFor()
    const tooWide = `[...document.querySelectorAll('body *')]
      .filter((one) => one.getBoundingClientRect().right > 360 && one.closest('.wide') === null)
      .map((one) => one.outerHTML.slice(0, 100))`
    expect(await page.evaluate(tooWide)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  })
})
