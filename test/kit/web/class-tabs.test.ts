import type { Page } from 'playwright-core'
import { test } from 'vitest'
import { pagesOfClass } from '../../../src/web/class-pages.ts'
import { embedded, failed, join, passed, secret, send, serve } from '../classroom/class.ts'
import { need } from '../need.ts'
import { browserForTests } from './reader.ts'

const addPages = await pagesOfClass()
const slug = '07-concurrency'

/** More learners than a browser has connections to one server, each with one check. */
async function openClass() {
  const served = await serve(await embedded(), undefined, { addPages })
  served.hub.setAddresses([served.origin])
  const learners = []
  for (const name of ['Ada', 'Bo', 'Cy', 'Di', 'Ed', 'Flo', 'Gus', 'Hal']) {
    const { token, learner } = await join(served, name)
    await send(served, token, 0, [failed(1, slug, 'appendEvent', 'Both won.')])
    const address = `${served.origin}/instructor/participants/${learner}`
    learners.push({ name, address, pass: () => send(served, token, 1, [passed(2, slug)]) })
  }
  return { served, learners }
}

need('chromium').describe('more pages of a class than a browser has connections', () => {
  // An instructor's browser keeps pages that were left, to go back to them. Playwright's doesn't, unless it's told to.
  const browser = browserForTests(20_000, { ignoreDefaultArgs: ['--disable-back-forward-cache'] })

  async function open(address: string): Promise<Page> {
    const page = await browser.open(address, {}, /status of 401/)
    await page.getByLabel('Secret').fill(secret)
    await page.getByRole('button', { name: 'Open the dashboard' }).click()
    await page.getByLabel('Secret').waitFor({ state: 'hidden' })
    return page
  }

  test('the instructor goes from learner to learner, and back', async () => {
    const { learners } = await openClass()
    const [first, ...others] = learners
    const page = await open(first?.address ?? '')
    for (const { name } of others) {
      await page.getByRole('link', { name: `${name} →` }).click()
      await page.getByRole('heading', { name, exact: true }).waitFor()
      await page.getByText('1 of 1').waitFor()
    }
    // Playwright can't follow a browser that goes back to a page it kept.
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    await others.at(-1)?.pass()
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await page.getByText('2 of 2').waitFor()
  })

  test('learners in tabs that are hidden leave the connections to the others', async () => {
    const { served, learners } = await openClass()
    const dashboard = await open(`${served.origin}/instructor`)
    const context = dashboard.context()
    const hide = "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })"
    const tabs = await Promise.all(
      learners.map(async ({ address }) => {
        const tab = await context.newPage()
        await tab.addInitScript(hide)
        await tab.goto(address)
        return tab
      }),
    )
    const wall = await context.newPage()
    await wall.goto(`${served.origin}/instructor/projector`)
    await wall.getByText(served.classInfo.joinCode).waitFor()
    const [tab] = tabs
    await tab?.evaluate(
      "delete document.visibilityState, document.dispatchEvent(new Event('visibilitychange'))",
    )
    await tab?.getByText('1 of 1').waitFor()
    await learners[0]?.pass()
    await tab?.getByText('2 of 2').waitFor()
  })
})
