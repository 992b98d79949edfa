import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Locator, Route } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { filesOf } from '../../../../src/course/index.ts'
import { need } from '../../need.ts'
import { axe } from '../axe.ts'
import { browserForTests } from '../reader.ts'
import { newWorkbench, solutionOf, write, written } from './workbench.ts'

// Each of them checks an answer, and on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 })

need('chromium').describe('the workbench in a browser', () => {
  const browser = browserForTests(90_000)

  test('a learner gets through lessons 01 and 02 without leaving the page', async () => {
    const { learner, address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    expect(page.url(), 'the invitation is no longer in the address').toMatch(/\/lessons\/01-events$/)
    const status = page.locator('.verdict [role="status"]')
    await page.locator('.cm-content').waitFor()
    await page.getByRole('button', { name: 'Run snippet 1' }).click()
    await page.getByText('✓ As the lesson shows').waitFor()

    await page.getByRole('button', { name: 'Check' }).click()
    await status.getByText('✗ 3 failed').waitFor()
    await page.getByRole('button', { name: 'Give me a hint' }).click()
    await page.getByRole('heading', { name: /^Hint 1 of/ }).waitFor()

    const made = page.locator('.verdict').getByText(/^At .* ms, on /)
    const before = await made.innerText()
    await page.getByRole('button', { name: 'Check' }).click()
    await expect.poll(() => made.innerText()).not.toBe(before)
    await page.getByRole('heading', { name: /^Hint 1 of/ }).waitFor() // it's still about what failed

    await write(page, await solutionOf(learner, '01-events'))
    await page.keyboard.press('ControlOrMeta+s')
    await status.getByText('✓ 3 passed').waitFor()
    await page.getByText('you passed 01-events').waitFor()
    expect(readFileSync(file, 'utf8')).toBe(await solutionOf(learner, '01-events'))

    await page.getByRole('link', { name: 'Next: 02' }).click()
    await page.waitForURL('**/lessons/02-list-store')
    await page.getByRole('button', { name: 'Check' }).click()
    await status.getByText('✗').waitFor()
    await page.getByRole('region', { name: 'What happened in Redis' }).waitFor()
    await write(page, await solutionOf(learner, '02-list-store'))
    await page.keyboard.press('ControlOrMeta+s')
    await status.getByText('✓').waitFor()
    const states = () => {
      const overview = learner.progress.overview()
      return ['01-events', '02-list-store'].map((slug) => overview.lesson(slug).state)
    }
    await expect.poll(states).toEqual(['passed', 'passed']) // the page says so before it's recorded
  })

  test('typing is saved after a rest and then checked, but counts only if it was asked for', async () => {
    const { learner, address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await write(page, 'export const broken = (\n')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('export const broken = (\n')
    await page.getByText("This doesn't parse yet").waitFor()
    await page.keyboard.insertText('1)')
    await page.getByText("An automatic check doesn't count as an attempt.").waitFor()
    const checks = () => learner.progress.since(0).filter(({ eventType }) => eventType.startsWith('CHECK_'))
    expect(checks()).toEqual([])
    await page.keyboard.press('ControlOrMeta+s')
    await expect.poll(() => checks().length).toBe(1)
  })

  test("what can be undone survives a reload, and so does anything that wasn't saved yet", async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await write(page, 'one')
    await page.getByText('✓ Saved').waitFor()
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('one')
    // Otherwise what's typed within half a second is one step for the editor.
    for (const key of ['Home', 'End']) await page.keyboard.press(key)
    await page.keyboard.insertText(' two')
    await page.reload()
    await expect.poll(() => written(page)).toBe('one two')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('one two')
    await page.locator('.cm-content').click()
    await page.keyboard.press('ControlOrMeta+z')
    await expect.poll(() => written(page)).toBe('one')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('one')
  })

  test('the step that the slider is at is in view, among many steps', async () => {
    const { address } = await newWorkbench('07-concurrency')
    const page = await browser.open(address)
    await page.getByRole('button', { name: 'Check' }).click()
    await page.locator('.explorer .run-view').waitFor()
    const current = page.locator('.lanes [aria-current]')
    await page.locator('.lanes ol').evaluate((list) => {
      list.style.maxHeight = '6rem'
    })
    let before: string | null = null
    await page.getByRole('slider').press('Home')
    for (const key of ['End', 'ArrowLeft', 'ArrowLeft']) {
      await page.getByRole('slider').press(key)
      // The mark moves, and the list scrolls, in the frame after that.
      await expect.poll(() => current.getAttribute('data-n')).not.toBe(before)
      before = await current.getAttribute('data-n')
      const isInView = async () => {
        const [row, list] = [await current.boundingBox(), await page.locator('.lanes ol').boundingBox()]
        return row !== null && list !== null && row.y >= list.y && row.y + row.height <= list.y + list.height
      }
      await expect.poll(isInView).toBe(true)
    }
  })

  test("why a check failed is in view without scrolling, on a laptop's screen", async () => {
    const { address } = await newWorkbench('07-concurrency')
    const page = await browser.open(address, { viewport: { width: 1280, height: 800 } })
    await page.getByRole('button', { name: 'Check' }).click()
    const box = await page.locator('.verdict .diagnosis').boundingBox()
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(800)
  })

  test('drawings and received values fit beside the editor, without a hidden part', async () => {
    const { address, learner } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const cut = () =>
      page
        .locator('.diagram pre, .failure pre')
        .evaluateAll((all) =>
          all
            .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
            .map(({ textContent }) => textContent),
        )
    const solution = await solutionOf(learner, '01-events')
    await write(page, solution.replace('entityId: fact.entityId', "entityId: 'x'.repeat(300)"))
    await page.keyboard.press('ControlOrMeta+s')
    await page.locator('.failure pre', { hasText: 'xxx' }).waitFor()
    expect(await cut()).toEqual([])
    await page.goto(new URL('/lessons/07-concurrency', page.url()).href)
    await page.locator('.diagram', { hasText: 'first writer' }).waitFor()
    expect(await cut()).toEqual([])
  })

  test('a second page shows what the first one writes, and its verdict', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const other = await page.context().newPage()
    await other.goto(page.url())
    await other.locator('.cm-content').waitFor()
    await write(page, 'export const one = 1')
    await expect.poll(() => written(other)).toBe('export const one = 1')
    await page.keyboard.press('ControlOrMeta+s')
    await other.locator('.verdict').getByText('✗').first().waitFor()
  })

  test("another editor's version shows up, and a version that would be lost is shown beside this one", async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /ERR_FAILED/)
    await write(page, 'mine')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('mine')
    writeFileSync(file, 'theirs')
    await expect.poll(() => written(page)).toBe('theirs')

    await page.route('**/file', (route) => route.abort())
    await page.keyboard.press('ControlOrMeta+End')
    await page.keyboard.insertText(' and mine')
    await page.getByText('The program no longer responds').waitFor()
    writeFileSync(file, 'theirs, changed')
    const versions = page.locator('.versions section')
    await expect
      .poll(() => versions.locator('pre').allInnerTexts())
      .toEqual(['theirs and mine', 'theirs, changed'])
    await page.unroute('**/file')
    expect(await axe(page)).toEqual([])
    expect(readFileSync(file, 'utf8')).toBe('theirs, changed')
    await page.getByRole('button', { name: 'Take theirs' }).click()
    await expect.poll(() => written(page)).toBe('theirs, changed')
    await page.keyboard.press('ControlOrMeta+z')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('theirs and mine')
  })

  test('two long versions are beside each other, and what differs is in view', async () => {
    const { address, file } = await newWorkbench('07-concurrency')
    const page = await browser.open(address, {}, /ERR_FAILED/)
    await page.locator('.cm-content').click()
    await page.route('**/file', (route) => route.abort())
    await page.keyboard.press('ControlOrMeta+End')
    await page.keyboard.insertText('// mine')
    await page.getByText('The program no longer responds').waitFor()
    writeFileSync(file, `${readFileSync(file, 'utf8')}// theirs`)
    const texts = page.locator('.versions pre')
    await expect.poll(() => texts.count()).toBe(2)
    const [mine, theirs] = [await texts.first().boundingBox(), await texts.last().boundingBox()]
    expect(mine?.y).toBe(theirs?.y)
    for (const text of ['// mine', '// theirs']) {
      expect(await page.locator('.versions .differs', { hasText: text }).count()).toBe(1)
    }
    const isCut = await texts.evaluateAll((all) => all.map((one) => one.scrollHeight > one.clientHeight))
    expect(isCut).toEqual([false, false])
  })

  test("starting over keeps everything that was typed, even what wasn't saved yet", async () => {
    const { address, learner, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.locator('.cm-content').waitFor()
    await page.getByRole('button', { name: 'Start over' }).click()
    await write(page, 'mine')
    await page.getByRole('button', { name: 'Yes, start over' }).click()
    await page.getByText('Your old answer is').waitFor()
    const kept = readdirSync(learner.home.workspace).find((name) => name.endsWith('.old')) ?? ''
    expect(readFileSync(`${learner.home.workspace}/${kept}`, 'utf8')).toBe('mine')
    expect(await page.locator('.conflict').count()).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(
      await readFile(filesOf(learner.course, '01-events').starter, 'utf8'),
    )
  })

  test('a file that is renamed or deleted takes nothing along', async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await write(page, 'mine')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('mine')
    renameSync(file, `${file}.old`)
    await page.getByText('is gone: it was deleted, moved, or renamed').waitFor()
    expect(await written(page)).toBe('mine')
    renameSync(`${file}.old`, file)
    await page.getByText('✓ Saved').waitFor()
    rmSync(file)
    await page.getByRole('button', { name: 'Create it again' }).click()
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('mine')
    await page.getByText('✓ Saved').waitFor()
  })

  test('a page that finds the file gone can create it, and says nothing of code that it never had', async () => {
    const { learner, address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.locator('.cm-content').waitFor()
    rmSync(file)
    await page.getByText('Your code is still on this page.').waitFor()
    const other = await page.context().newPage()
    await other.goto(page.url())
    const create = other.getByRole('button', { name: 'Create it again' })
    await create.waitFor()
    for (const text of ['still on this page', 'The editor is loading', '✓ Saved']) {
      expect(await other.getByText(text).count(), text).toBe(0)
    }
    await create.click()
    await other.locator('.cm-content').getByText('Lesson 01: events').waitFor()
    await other.locator('.cm-content:focus').waitFor()
    expect(readFileSync(file, 'utf8')).toBe(
      readFileSync(filesOf(learner.course, '01-events').starter, 'utf8'),
    )
  })

  test("after a restart of the program, the page continues and hasn't lost a letter", async () => {
    const first = await newWorkbench('01-events')
    const page = await browser.open(first.address, {}, /./)
    // The program ends between writing the file and telling the page.
    const endWhileSaving = async (route: Route) => {
      await first.close()
      writeFileSync(first.file, route.request().postData() ?? '')
      await route.abort()
    }
    await page.route('**/file', endWhileSaving, { times: 1 })
    await write(page, 'before')
    await page.getByText('The program no longer responds').waitFor()
    await page.keyboard.insertText(', between')
    const [question] = await Promise.all([page.waitForEvent('dialog'), page.close({ runBeforeUnload: true })])
    expect(question.type(), 'the tab has the only copy').toBe('beforeunload')
    await question.dismiss()
    const second = await newWorkbench('01-events', first.learner)
    expect(new URL(second.address).origin).toBe(new URL(first.address).origin)
    await page.getByText('The program was started again').waitFor()
    const other = await page.context().newPage()
    await other.goto(second.address)
    await page.getByText('✓ Saved').waitFor()
    await expect.poll(() => readFileSync(first.file, 'utf8')).toBe('before, between')
  })

  test('a program that has stopped without closing its connections is noticed, and so is its return', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open('about:blank')
    await page.clock.install()
    await page.goto(address)
    await page.getByText('✓ Saved').waitFor()
    await page.route('**/recording', () => {}) // never replies
    await page.clock.fastForward(25_000)
    await page.clock.fastForward(10_000)
    await page.getByText('The program no longer responds').waitFor()
    await page.clock.fastForward(1_000)
    await page.getByText('✓ Saved').waitFor()
  })

  test("a check that the program didn't finish isn't waited for", async () => {
    const { address, close } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /./)
    const status = page.locator('.verdict [role="status"]')
    await page.getByRole('button', { name: 'Check' }).click()
    await status.getByText('✗ 3 failed').waitFor()
    await page.getByRole('button', { name: 'Check' }).click()
    await status.getByText('Checking …').waitFor()
    await close()
    await page.getByText('The program no longer responds').waitFor()
    await status.getByText('✗ 3 failed').waitFor()
  })

  test("a file that can't be used is used again as soon as it can, without a word from the learner", async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /422/)
    await write(page, 'mine')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('mine')
    await page.keyboard.insertText(', typed before')
    chmodSync(file, 0o444)
    await page.getByText('is read-only').waitFor()
    await page.getByText('✗ Not saved').waitFor()
    chmodSync(file, 0o644)
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('mine, typed before')
    rmSync(file)
    mkdirSync(file)
    await page.getByText("isn't a file").waitFor()
    rmdirSync(file)
    await page.getByRole('button', { name: 'Create it again' }).click()
    await expect.poll(() => written(page)).toBe('mine, typed before')
    await page.getByText('✓ Saved').waitFor()
  })

  test('a file that no page can show is explained once, and has no new verdict', async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.locator('.cm-content').waitFor()
    writeFileSync(file, Buffer.from([0, 255]))
    const trouble = page.locator('.trouble')
    await trouble.getByText("isn't text in UTF-8").waitFor()
    await page.getByRole('button', { name: 'Check' }).click()
    await trouble.getByText("There's no new verdict").waitFor()
    expect(await trouble.count()).toBe(2)
  })

  test('the steps of a race: slider, lanes, keys, and the way to the line', async () => {
    const { address, edited, file } = await newWorkbench('07-concurrency')
    const page = await browser.open(address)
    const run = page.getByRole('region', { name: 'What happened in Redis' })
    await page.getByRole('button', { name: 'Check' }).click()
    await run.getByText('Step 4 wrote what was decided at step 1').waitFor()
    const current = () => run.locator('[aria-current="step"] .step-number').innerText()
    await expect.poll(current).toBe('4')
    expect(await run.getByText('held by the check').count()).toBe(1)
    const slider = run.getByRole('slider', { name: 'Step' })
    await slider.focus()
    await page.keyboard.press('Home')
    await expect.poll(() => run.locator('[aria-current="step"]').count()).toBe(0)
    expect(await slider.getAttribute('aria-valuetext')).toBe('Before the first step')
    await page.keyboard.press('ArrowRight')
    await expect.poll(current).toBe('1')
    expect(await slider.getAttribute('aria-valuetext')).toBe('Step 1: first writer: XLEN → 1, looked')
    const said = run.locator('.slider [role="status"]')
    expect(await said.innerText(), 'the slider has said it already').toBe('')
    await run.getByRole('button', { name: 'Collision' }).click()
    await expect.poll(current).toBe('3')
    expect(await said.innerText()).toMatch(/^Step 3: second writer: XADD .* → \S+-0, changed$/)
    await run.locator('.keys-at .is-added', { hasText: 'ACCOUNT_DEBITED' }).waitFor()
    expect(
      await run
        .getByRole('list', { name: /^Steps/ })
        .getByRole('listitem')
        .first()
        .innerText(),
    ).toContain('first writer')
    await run.getByRole('button', { name: /^Line/ }).click()
    await page.getByRole('button', { name: 'Open in my editor' }).click()
    await expect.poll(() => edited.length).toBe(1)
    expect(edited[0]?.startsWith(`${file}:`)).toBe(true)
    expect(Number(edited[0]?.slice(file.length + 1))).toBeGreaterThan(20)
  })

  test('the steps stay, and so does the focus, until those of the next check are there', async () => {
    const { address, file } = await newWorkbench('02-list-store')
    const page = await browser.open(address)
    await page.getByRole('button', { name: 'Check' }).click()
    const first = await page.locator('.lanes ol').elementHandle()
    await page.getByRole('slider').focus()
    let held = (_: Route) => {}
    const recording = new Promise<Route>((resolve) => (held = resolve))
    await page.route('**/recording', (route) => held(route), { times: 1 })
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`)
    const route = await recording
    expect(await first?.isVisible()).toBe(true)
    expect(await page.locator('[type=range]:focus').count()).toBe(1)
    await route.continue()
    await expect.poll(() => first?.isVisible()).toBe(false)
    await page.locator('#explorer-title:focus').waitFor()
    await page.getByRole('slider').waitFor()
  })

  test('what is pressed and goes away leaves the focus in a place from which keys lead on', async () => {
    const { address, file } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.locator('.cm-content').waitFor()
    const press = (name: string) => page.getByRole('button', { name, exact: true }).press('Enter')
    const focused = (name: string) =>
      expect
        .poll(() =>
          page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.innerText'),
        )
        .toMatch(name)
    await press('Start over')
    await press('No')
    await focused('Start over')
    await press('Show the solution')
    await press('Yes, show it')
    await focused('Hide the solution')
    await press('Run snippet 1')
    await press('Close the output')
    await focused('Run')
    rmSync(file)
    await press('Create it again')
    await focused('Your code, ')
  })

  test("the state after each event, and the model solution's run once it can be shown", async () => {
    const { learner, address } = await newWorkbench('03-replay')
    const page = await browser.open(address)
    const solution = await solutionOf(learner, '03-replay')
    await write(page, solution.replace('of page.events)', 'of page.events.toReversed())'))
    await page.keyboard.press('ControlOrMeta+s')
    const run = page.getByRole('region', { name: 'What happened in Redis' })
    const own = run.getByRole('region', { name: 'Your run' })
    const state = (of: Locator) => of.getByRole('region', { name: 'State of user-42' })
    await state(own).getByText('ada@new.example').waitFor()
    const status = run.locator('p[role="status"]')
    const model = run.getByRole('button', { name: "The model solution's run" })
    await model.click()
    await status.getByText("Once you've passed this lesson or seen its solution").waitFor()

    await page.getByRole('button', { name: 'Show the solution' }).click()
    await page.getByRole('button', { name: 'Yes, show it' }).click()
    await page.locator('.solution').waitFor()
    const overflow = `[...document.querySelectorAll('#bench, .ways')].map((box) => box.scrollWidth - box.clientWidth)`
    expect(Math.max(...(await page.evaluate<number[]>(overflow)))).toBeLessThanOrEqual(0)
    await model.click()
    await status.getByText('The model solution ran the same test.').waitFor()
    const right = run.getByRole('region', { name: "The model solution's run" })
    await right.getByRole('slider', { name: 'Step' }).focus()
    await page.keyboard.press('ArrowLeft') // the right answer gets further in the test, to where another event is added
    await state(right).locator('.is-changed', { hasText: 'ada@new.example → ada@third.example' }).waitFor()
    await state(own).getByText('ada@new.example').waitFor()
    expect(await axe(page)).toEqual([])
    await page.keyboard.press('m')
    await right.waitFor({ state: 'detached' })
    expect(await status.innerText()).toBe('')
  })

  test('Ctrl-S checks from the lesson, too', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('Control+s')
    await page.locator('.verdict [role="status"]').getByText('✗ 3 failed').waitFor()
  })

  test.each(['Control+s', 'Meta+s'])('on a Mac, %s checks', async (keys) => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.addInitScript("Object.defineProperty(navigator, 'platform', { value: 'MacIntel' })")
    await page.reload()
    await page.locator('.cm-content').click()
    await page.keyboard.press(keys)
    await page.locator('.verdict [role="status"]').getByText('✗ 3 failed').waitFor()
  })

  test("an editor that doesn't load says so", async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address, {}, /ERR_FAILED/)
    await page.route('**/assets/editor.js', (route) => route.abort())
    await page.reload()
    await page.getByText("The editor didn't load. Reload the page").waitFor()
    expect(await page.getByText('The editor is loading').count()).toBe(0)
    await page.getByRole('button', { name: 'Check' }).click()
    await page.locator('.verdict [role="status"]').getByText('✗ 3 failed').waitFor()
  })

  test('by keyboard alone: to the code, out of it, and to the check', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    await page.locator('.cm-content').waitFor()
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText',
      )
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to your code')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await focused()).toContain('Check')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await focused()).toMatch(/^Your code, /)
    await page.keyboard.press('Tab')
    expect(await focused(), 'it indents').toMatch(/^Your code, /)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+Tab')
    expect(await focused()).toContain('Open in my editor')
  })

  test("the toolbar doesn't cover what gets the focus", async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address, { viewport: { width: 1280, height: 400 } })
    await page.locator('.cm-content').waitFor()
    const solution = page.getByRole('button', { name: 'Show the solution' })
    await page.evaluate('document.querySelector(".ways").style.marginBottom = "40rem"')
    await page.evaluate('document.querySelector("#bench").scrollTop = 10_000')
    await solution.focus()
    const [button, toolbar] = [await solution.boundingBox(), await page.locator('.toolbar').boundingBox()]
    expect(button?.y).toBeGreaterThan((toolbar?.y ?? 0) + (toolbar?.height ?? 0))
  })

  test('values from Redis and from the file are text, never markup', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address)
    const evil = '<img src=x onerror="document.title=1">'
    await write(page, `console.log('${evil}')\nthrow new Error('${evil}')\n`)
    await page.keyboard.press('ControlOrMeta+s')
    await page.locator('.failure').waitFor()
    await page.getByText('Your code printed').click()
    expect(await page.locator('.verdict .output').innerText()).toContain(evil)
    await write(page, `throw new Error('write \\x60${evil}\\x60')`)
    await page.keyboard.press('ControlOrMeta+s')
    // Our own sentences have code between backticks.
    await page.locator('.diagnosis code', { hasText: evil }).waitFor()
    expect(await page.locator('.diagnosis').innerText()).not.toContain('`')
    expect(await page.locator('#bench img').count()).toBe(0)
  })

  test('on a narrow page, the result is beside the button, and leads to the verdict far below', async () => {
    const { address } = await newWorkbench('01-events')
    const page = await browser.open(address, { viewport: { width: 390, height: 800 } })
    await page.locator('.cm-content').waitFor()
    await page.getByRole('button', { name: 'Check' }).click()
    const toVerdict = page.getByRole('link', { name: '✗ 3 failed' })
    await toVerdict.waitFor()
    const top = async () => (await page.locator('#verdict-title').boundingBox())?.y ?? -1
    expect(await top()).toBeGreaterThan(800)
    const links = page.locator('.top .links a')
    expect(await links.evaluateAll((all) => all.map((link) => link.getClientRects().length))).toEqual([
      1, 1, 1,
    ])
    await toVerdict.click()
    await expect.poll(top).toBeLessThan(800)
    expect(await top()).toBeGreaterThanOrEqual(0)
  })

  describe('axe finds nothing, and nothing is wider than the screen', () => {
    test.each([
      ['light', 1280],
      ['dark', 390],
    ] as const)('in %s at %i pixels', async (colorScheme, width) => {
      const { address } = await newWorkbench('07-concurrency')
      const page = await browser.open(address, {
        colorScheme,
        viewport: { width, height: 800 },
        reducedMotion: 'reduce',
      })
      await page.locator('.cm-content').waitFor()
      await page.getByRole('button', { name: 'Check' }).click()
      await page.locator('.explorer .run-view').waitFor()
      await page.getByRole('button', { name: 'Give me a hint' }).click()
      await page.getByRole('heading', { name: /^Hint 1 of/ }).waitFor()
      await page.locator('.cm-content').press('ControlOrMeta+f')
      await page.locator('.cm-search').waitFor()
      expect(await axe(page)).toEqual([])
      // Axe can't tell whether a label on a gradient can be read.
      const fill = "getComputedStyle(document.querySelector('.cm-search button')).backgroundImage"
      expect(await page.evaluate<string>(fill)).toBe('none')
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width)
      await page.setViewportSize({ width: 320, height: 800 }) // a small phone, or 400% zoom
      await expect.poll(() => page.evaluate<number>('document.documentElement.scrollWidth')).toBe(320)
    })
  })
})
