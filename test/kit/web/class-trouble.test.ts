import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { paths } from '../../../src/classroom/api.ts'
import { pagesOfClass } from '../../../src/web/class-pages.ts'
import { call, embedded, failed, join, passed, type Served, secret, send, serve } from '../classroom/class.ts'
import { recordingOf, runOf } from '../classroom/recordings.ts'
import { need } from '../need.ts'
import { browserForTests } from './reader.ts'

const addPages = await pagesOfClass()
const slug = '07-concurrency'
const doesNotAnswer = "The class's Redis doesn't answer."

/** A class with Ada, who shares a check and its recording. */
async function openClass() {
  const served = await serve(await embedded(), undefined, { addPages })
  served.hub.setAddresses([served.origin])
  const ada = await join(served, 'Ada', true)
  const check = failed(1, slug, 'appendEvent', 'Both won.')
  await send(served, ada.token, 0, [check])
  const run = runOf(check, recordingOf(slug))
  expect((await call(served, paths.run, { token: ada.token, body: run })).status).toBe(200)
  return { served, ada, check, address: `${served.origin}/instructor/participants/${ada.learner}` }
}

function command(served: Served, body: object) {
  return call(served, paths.command, { token: secret, body })
}

/** Makes the hub answer with 503, as while its Redis is away. Returns the function that ends it. */
function breakDown(hub: Served['hub'], name: 'participant' | 'run' | 'execute'): () => void {
  const away = () => Promise.reject(new Error('Connection is closed.'))
  hub[name] = away
  // Then it's the class's own method again.
  return () => void Reflect.deleteProperty(hub, name)
}

need('chromium').describe('the pages of a class in trouble', () => {
  const browser = browserForTests()
  const expected = /status of (401|503)/

  async function open(address: string): Promise<Page> {
    const page = await browser.open(address, {}, expected)
    await page.getByLabel('Secret').fill(secret)
    await page.getByRole('button', { name: 'Open the dashboard' }).click()
    await page.getByLabel('Secret').waitFor({ state: 'hidden' })
    return page
  }

  test("a learner's page says that the hub can't answer, and continues automatically once it can", async () => {
    const { served, address } = await openClass()
    const back = breakDown(served.hub, 'participant')
    const page = await open(address)
    await page.getByText(doesNotAnswer).waitFor()
    back()
    await page.getByText('1 of 1').waitFor()
  })

  test("news that couldn't be fetched comes later, and what's there stays until then", async () => {
    const { served, ada, address } = await openClass()
    const page = await open(address)
    await page.getByText('1 of 1').waitFor()
    const back = breakDown(served.hub, 'participant')
    const refused = page.waitForResponse((reply) => reply.status() === 503)
    await send(served, ada.token, 1, [passed(2, slug)])
    await refused
    expect(await page.getByText('1 of 1').count()).toBe(1)
    back()
    await page.getByText('2 of 2').waitFor()
  })

  test('so does a recording, on their page and on the wall', async () => {
    const { served, ada, check, address } = await openClass()
    const back = breakDown(served.hub, 'run')
    const page = await open(address)
    await page.getByText(doesNotAnswer).waitFor()
    await command(served, {
      do: 'show attempt',
      participant: ada.learner,
      eventId: check.eventId,
      run: true,
    })
    const wall = await page.context().newPage()
    await wall.goto(`${served.origin}/instructor/projector`)
    await wall.getByText(doesNotAnswer).waitFor()
    back()
    for (const one of [page, wall]) {
      await one.getByRole('heading', { name: 'What happened in Redis' }).waitFor()
      await one.getByRole('slider', { name: 'Step' }).waitFor()
    }
  })

  test("an attempt on the wall isn't gone just because the hub can't answer", async () => {
    const { served, ada, check } = await openClass()
    const back = breakDown(served.hub, 'participant')
    await command(served, { do: 'show attempt', participant: ada.learner, eventId: check.eventId })
    const wall = await open(`${served.origin}/instructor/projector`)
    await wall.getByText(doesNotAnswer).waitFor()
    back()
    await wall.getByText('Both won.').waitFor()
  })

  test("what the instructor can't do right now is explained beside it", async () => {
    const { served } = await openClass()
    const page = await open(`${served.origin}/instructor`)
    const back = breakDown(served.hub, 'execute')
    await page.getByLabel('Message to all').fill('Coffee')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText(doesNotAnswer).waitFor()
    back()
    await page.getByLabel('Minutes').first().fill('10')
    await page.getByLabel('for', { exact: true }).fill('Task 1')
    await page.getByRole('button', { name: 'Start timer' }).click()
    await page.getByText(/^Timer:/).waitFor()
    await page.getByText(doesNotAnswer).waitFor({ state: 'hidden' })
    expect(served.hub.overview().announcements.timer?.text).toBe('Task 1')
  })

  test('a browser that is logged out shows nothing more in any tab, here and everywhere', async () => {
    const { served, address } = await openClass()
    const page = await open(`${served.origin}/instructor`)
    const others = [address, `${served.origin}/instructor/projector`]
    const tabs = await Promise.all(
      others.map(async (url) => {
        const tab = await page.context().newPage()
        await tab.goto(url)
        return tab
      }),
    )
    await tabs[0]?.getByText('1 of 1').waitFor()
    await tabs[1]?.getByText(served.classInfo.joinCode).waitFor()
    await page.getByText('Manage the class').click()
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    for (const tab of [page, ...tabs]) await tab.getByLabel('Secret').waitFor()
    // Logging in on one of them brings all of them back, the wall included.
    await page.getByLabel('Secret').fill(secret)
    await page.getByRole('button', { name: 'Open the dashboard' }).click()
    await tabs[0]?.getByText('1 of 1').waitFor()
    await tabs[1]?.getByText(served.classInfo.joinCode).waitFor()
    const away = await open(address)
    await away.getByText('1 of 1').waitFor()
    await command(served, { do: 'log out' })
    await away.getByLabel('Secret').waitFor()
    expect(await away.getByText('Both won.').count()).toBe(0)
  })

  test('a closed class is closed on every page, and invites no one', async () => {
    const { served, address } = await openClass()
    await command(served, { do: 'close' })
    const page = await open(`${served.origin}/instructor/projector`)
    await page.getByText('The class is closed.').waitFor()
    expect(await page.getByText(served.classInfo.joinCode).count()).toBe(0)
    await page.goto(`${served.origin}/instructor`)
    await page.getByText('· closed').waitFor()
    expect(await page.getByText(served.classInfo.joinCode).count()).toBe(0)
    await page.goto(`${served.origin}/#${served.classInfo.joinCode}`)
    await page.getByText('The class is closed.').waitFor()
    expect(await page.getByText('class join').count()).toBe(0)
    await page.goto(address)
    await page.getByText('1 of 1').waitFor()
  })

  test('a removed learner is brought back, whatever was done since', async () => {
    const { served, ada } = await openClass()
    const page = await open(`${served.origin}/instructor`)
    await page.getByText('1 learner').waitFor()
    await command(served, { do: 'remove', participant: ada.learner })
    await command(served, { do: 'message', text: 'Something else' })
    await page.getByText('Manage the class').click()
    // A number that isn't a time must not end the page.
    await page.getByLabel('Joined in the last').fill('999999999999999')
    await page.getByRole('button', { name: 'Bring back Ada' }).click()
    await page.getByText('1 learner', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Bring back' }).count()).toBe(0)
    // Two of the same name can be told apart.
    const { learner } = await join(served, 'Ada')
    for (const participant of [ada.learner, learner]) await command(served, { do: 'remove', participant })
    await page.getByRole('button', { name: 'Bring back Ada (#2)' }).waitFor()
    await page.getByRole('button', { name: 'Bring back Ada (#1)' }).click()
    await page.getByRole('button', { name: 'Bring back Ada', exact: true }).waitFor()
  })
})
