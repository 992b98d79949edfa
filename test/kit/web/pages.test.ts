import { describe, expect, test, vi } from 'vitest'
import { need } from '../need.ts'
import { axe } from './axe.ts'
import { browserForTests, newReader } from './reader.ts'

// Many pages, and axe looks at each piece of code in them: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 })

need('chromium').describe('the reader in a browser', () => {
  const browser = browserForTests()

  test('a button runs the snippet and shows its output, running earlier ones first', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/lessons/01-events`)
    const second = page.locator('.snippet').nth(1)
    await second.getByRole('button', { name: 'Run snippet 2' }).click()
    await second.getByText('✓ As the lesson shows').waitFor()
    expect(await second.locator('.ran .output').innerText()).toMatch(/^1000 ids made, \d+ of them different$/)
    expect(await second.locator('.ran .label').innerText()).toContain('Redis')
    await second.getByRole('button', { name: 'Close the output' }).click()
    expect(await second.locator('.ran').count()).toBe(0)
  })

  test('hints unfold one at a time, and the program remembers them', async () => {
    const { learner, origin } = await newReader()
    const page = await browser.open(`${origin}/lessons/07-concurrency`)
    const task = page.getByRole('region', { name: 'Task 1' })
    await task.getByRole('button', { name: /^Hint 1 of \d for task 1$/ }).click()
    await task.getByRole('button', { name: /^Hint 2 of \d for task 1$/ }).click()
    await task.getByRole('button', { name: /^Hint 3 of \d for task 1$/ }).waitFor()
    expect(await task.locator('.hint-list li').count()).toBe(2)
    expect(learner.progress.overview().lesson('07-concurrency').hints).toEqual({ 1: 2 })
    await page.reload()
    expect(await task.locator('.hint-list li').count()).toBe(2)
    expect(await page.content()).not.toContain('string.match(id') // the third
  })

  test('the quiz gives a reason for each answer, and the right ones are not in the page before', async () => {
    const { learner, origin } = await newReader()
    const page = await browser.open(`${origin}/lessons/07-concurrency`)
    expect(await page.content()).not.toContain('ends with its next')
    const form = page.getByRole('form', { name: 'Two writers share one connection' })
    await form.getByRole('button', { name: 'Answer' }).click()
    await form.getByText('Choose an answer first.').waitFor()
    await form.getByLabel('The second EXEC fails.').check()
    await form.getByRole('button', { name: 'Answer' }).click()
    await form.getByText('✗ Not quite').waitFor()
    expect(await form.locator('.is-wrong').innerText()).toContain(
      'It would if each writer had its own connection.',
    )
    expect(await form.locator('.is-right').innerText()).toContain('ends with its next EXEC')
    const [answer] = learner.progress.overview().lesson('07-concurrency').quiz
    expect(answer).toMatchObject({ answer: 'The second `EXEC` fails.', right: false })
  })

  test('reading is recorded, and lessons lead to each other', async () => {
    const { learner, origin } = await newReader()
    await learner.progress.record('LESSON_OPENED', '02-list-store', {})
    const page = await browser.open(`${origin}/`)
    await page.getByRole('link', { name: /^02 A list-based store.*started/ }).click()
    await page.getByRole('link', { name: /^Next 03/ }).click()
    await page.waitForURL('**/lessons/03-replay')
    expect(await page.locator('#lessons [aria-current]').innerText()).toContain('Replay')
    await page.getByRole('link', { name: /^Previous 02/ }).click()
    await page.waitForURL('**/lessons/02-list-store')
    await expect.poll(() => learner.progress.overview().lesson('02-list-store').readAt).toBeDefined()
  })

  test('by keyboard alone: past the top, run, close, on to a hint', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/lessons/01-events`)
    const focused = () => page.evaluate<string>('document.activeElement.innerText.trim()')
    const tabTo = async (text: string) => {
      for (let i = 0; i < 60; i += 1) {
        await page.keyboard.press('Tab')
        if ((await focused()).startsWith(text)) return
      }
      throw new Error(`Tab never got to "${text}".`)
    }
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to the text')
    await page.keyboard.press('Enter')
    await tabTo('Run')
    await page.keyboard.press('Enter')
    await page.locator('.ran').first().waitFor()
    await tabTo('Close')
    await page.keyboard.press('Space')
    await tabTo('Hint 1')
    await page.keyboard.press('Enter')
    await page.locator('.hint-list li').first().waitFor()
    expect(await focused(), 'the focus stays for the next one').toContain('Hint 2')
  })

  test('dark and light: the system decides until the reader does, and the choice is kept', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/lessons/01-events`, { colorScheme: 'dark' })
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.getByRole('button', { name: 'Light' }).waitFor()
    await page.emulateMedia({ colorScheme: 'light' })
    await page.getByRole('button', { name: 'Dark' }).waitFor()
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('button', { name: 'Light' }).click()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    expect(await ground()).toBe(light)
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await ground()).toBe(dark)
  })

  test('no page of the course is wider than a phone of 320 pixels', async () => {
    const { learner, origin } = await newReader()
    const page = await browser.open(origin, { viewport: { width: 320, height: 640 } })
    const tooWide: string[] = []
    for (const path of ['/', ...learner.course.lessons.map(({ slug }) => `/lessons/${slug}`)]) {
      await page.goto(origin + path)
      await page.locator('.theme').waitFor()
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      if (width > 320) tooWide.push(`${path}: ${width}`)
    }
    expect(tooWide).toEqual([])
  })

  describe('axe finds nothing', () => {
    test.each(['light', 'dark'] as const)('in %s', async (colorScheme) => {
      const { learner, origin } = await newReader()
      await learner.progress.record('LESSON_OPENED', '02-list-store', {})
      const page = await browser.open(`${origin}/`, { colorScheme })
      expect(await axe(page)).toEqual([])
      await page.goto(`${origin}/lessons/07-concurrency`)
      await page.locator('.run-button').nth(2).click()
      await page.locator('.ran').waitFor()
      await page.getByRole('button', { name: /^Hint 1 of \d for task 1$/ }).click()
      await page.locator('.hint-list').waitFor()
      const form = page.locator('.question').first()
      await form.locator('input').first().check()
      await form.getByRole('button', { name: 'Answer' }).click()
      await form.locator('.is-right').waitFor()
      expect(await axe(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 640 })
      expect(await axe(page)).toEqual([])
    })
  })
})
