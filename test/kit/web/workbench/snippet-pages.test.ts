import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { need } from '../../need.ts'
import { axe } from '../axe.ts'
import { browserForTests } from '../reader.ts'
import { newWorkbench } from './workbench.ts'

// Each of them starts processes, and on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 })

/** In lesson 01, snippets 2 to 4 are TypeScript. In lesson 02, the first ones are commands. */
need('chromium').describe('snippets in the workbench', () => {
  const browser = browserForTests(45_000)

  const part = (page: Page, number: number) => ({
    page,
    number,
    box: page.locator('.snippet', {
      has: page.getByRole('button', { name: new RegExp(`snippet ${number}$`) }),
    }),
    editor: page.getByRole('textbox', { name: `Snippet ${number}, yours to change` }),
    button: (name: string) => page.getByRole('button', { name: `${name} snippet ${number}`, exact: true }),
  })
  type Part = ReturnType<typeof part>
  const status = ({ box }: Part) => box.locator('.run-status')
  const output = ({ box }: Part) => box.locator('.ran-place .output').innerText()

  /** Replaces the text of a snippet, as if it were pasted. */
  async function change(snippet: Part, text: string): Promise<void> {
    if ((await snippet.editor.count()) === 0) await snippet.button('Edit').click()
    await snippet.editor.click()
    await snippet.page.keyboard.press('ControlOrMeta+a')
    await snippet.page.keyboard.insertText(text)
  }

  test('is edited and run, survives a reload, and is reset', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const one = part(page, 2)
    await one.button('Run').click()
    await status(one).getByText('✓ As the lesson shows').waitFor()
    const shown = one.box.locator('pre').first()
    const original = await shown.innerText()
    await one.button('Edit').click()
    await status(one).getByText('Ctrl-Enter runs it.').waitFor()
    expect(await shown.isVisible()).toBe(false)
    await one.editor.waitFor() // it's loaded only now, and `change` asks for it only if it isn't there
    await change(one, "console.log('mine', 6 * 7)")
    await one.button('Run again').click()
    await status(one).getByText('✓ Your version ran').waitFor()
    expect(await output(one)).toBe('mine 42')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.type('// ')
    await status(one).getByText("You've changed it since it ran.").waitFor()
    // Undo would take back more on a quick machine, which takes all of it for one change.
    for (const _ of '// ') await page.keyboard.press('Backspace')

    await page.reload()
    await expect.poll(() => one.editor.innerText()).toBe("console.log('mine', 6 * 7)")
    await one.button('Run').click()
    await status(one).getByText('✓ Your version ran').waitFor()

    await one.button('Reset').click()
    await status(one).getByText("This is the lesson's snippet again.").waitFor()
    expect(await shown.innerText()).toBe(original)
    expect(await one.editor.count()).toBe(0)
    await page.reload()
    await one.button('Run').click()
    await status(one).getByText('✓ As the lesson shows').waitFor()
  })

  test('of commands shows their replies, in which markup is text', async () => {
    const { address } = await newWorkbench('02-list-store')
    const page = await browser.open(address)
    const one = part(page, 1)
    const evil = '<img src=x onerror="document.title=1">'
    await change(one, `SET evil '${evil}'\nGET evil\nFLUSHALL`)
    await one.button('Run').click()
    await status(one).getByText('✗ Your version got an error').waitFor()
    const printed = await output(one)
    expect(printed).toContain(`> GET evil\n"${evil.replaceAll('"', '\\"')}"`)
    expect(printed).toContain("(error) FLUSHALL isn't sent from a snippet, because")
    const [error, frame] = [one.box.locator('.ran .t-red').first(), one.box.locator('.ran pre')]
    const right = async (part: typeof error) => {
      const box = await part.boundingBox()
      return (box?.x ?? 0) + (box?.width ?? 0)
    }
    expect(await right(error), 'a long sentence wraps').toBeLessThanOrEqual(await right(frame))
    expect(await page.locator('#main .snippet img').count()).toBe(0)
    // A later one runs on the data of this one.
    const two = part(page, 2)
    await change(two, 'GET evil')
    await two.button('Run').click()
    await status(two).getByText('✓ Your version ran').waitFor()
    expect(await output(two)).toContain('<img')
    await two.button('Reset').click()
    await change(one, 'RPUSH events:user-43 mine')
    await two.button('Run').click()
    await status(two).getByText('because it runs on an earlier one that you edited').waitFor()
  })

  test('that never ends is stopped by its button, and says so', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /409/)
    const one = part(page, 2)
    await change(one, "console.log('begun')\nfor (;;) await redis.incr('rounds')")
    await one.button('Run').click()
    await status(one).getByText('Running …').waitFor()
    const two = part(page, 3)
    await two.button('Run').click()
    await status(two).getByText('Another snippet is still running.').waitFor()
    await one.button('Stop').click()
    await status(one).getByText('Stopped.').waitFor()
    expect(await one.button('Stop').count()).toBe(0)
    await one.button('Reset').click()
    await two.button('Run again').click()
    await status(two).getByText('✓ As the lesson shows').waitFor()
  })

  test('that never ends is ended when its time is up, and a check works after that', async () => {
    const { address } = await newWorkbench('02-list-store', undefined, { snippetSeconds: 3 })
    const page = await browser.open(address)
    const one = part(page, 1)
    await change(one, 'BLPOP none 0')
    await one.button('Run').click()
    await status(one).getByText('✗ Stopped, because it ran for more than 3 seconds.').waitFor()
    await one.button('Reset').click()
    await one.button('Run').click()
    await status(one).getByText('✓ As the lesson shows').waitFor()
    await page.getByRole('button', { name: 'Check' }).click()
    await page.locator('.verdict [role="status"]').getByText('✗').waitFor()
  })

  test.each([
    ['process.exit(3)', '✗ Your code called process.exit(3)', ''],
    ["console.log('y'.repeat(1_000_000))", '✓ Your version ran', '… cut after 64 kB'],
    ['const = 1', '✗ Your version got an error', '(line 1)'],
  ])('%s leaves the page as it is', async (text, said, printed) => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const one = part(page, 2)
    await change(one, text)
    await one.button('Run').click()
    await status(one).getByText(said).waitFor()
    expect(await output(one)).toContain(printed)
    await change(one, 'console.log(2)')
    await one.button('Run again').click()
    await expect.poll(() => output(one)).toBe('2')
    expect(await axe(page)).toEqual([])
  })

  test('by keyboard alone', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const one = part(page, 2)
    await one.button('Edit').focus()
    await page.keyboard.press('Enter')
    const label = () => page.evaluate<string | null>('document.activeElement.getAttribute("aria-label")')
    await expect.poll(label).toBe('Snippet 2, yours to change')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText('for (;;) await redis.incr("rounds")')
    await page.keyboard.press('Control+Enter')
    await status(one).getByText('Running …').waitFor()
    const focused = () => page.evaluate<string>('document.activeElement.textContent')
    await page.keyboard.press('Tab')
    expect(await focused()).toMatch(/^Run.* snippet 2$/)
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Stop snippet 2')
    await page.keyboard.press('Enter')
    await status(one).getByText('Stopped.').waitFor()
    expect(await focused()).toBe('Run again snippet 2')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Reset snippet 2')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Edit snippet 2')
  })

  test("an editor that doesn't load says so, and the snippet still runs", async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /ERR_FAILED/)
    await page.route('**/assets/editor.js', (route) => route.abort())
    await page.reload()
    const one = part(page, 1)
    await one.button('Edit').click()
    await one.box.getByText("The editor didn't load. Reload the page, or reset the snippet.").waitFor()
    await one.button('Reset').click()
    await one.button('Run').click()
    await status(one).getByText('✓ As the lesson shows').waitFor()
  })

  describe('axe finds nothing, and nothing is wider than the screen', () => {
    test.each([
      ['light', 1280],
      ['dark', 390],
    ] as const)('in %s at %i pixels', async (colorScheme, width) => {
      const { address } = await newWorkbench('01-events')
      const page = await browser.open(address, {
        colorScheme,
        viewport: { width, height: 800 },
        reducedMotion: 'reduce',
      })
      const one = part(page, 2)
      await change(
        one,
        `console.log('${'wide '.repeat(60)}')\nfor (let i = 0; i < 99; i += 1) console.log(i)`,
      )
      await one.button('Run').click()
      await status(one).getByText('✓ Your version ran').waitFor()
      expect(await axe(page)).toEqual([])
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width)
    })
  })
})
