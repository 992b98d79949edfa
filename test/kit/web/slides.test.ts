import { expect, test, vi } from 'vitest'
import { need } from '../need.ts'
import { axe } from './axe.ts'
import { browserForTests, newReader } from './reader.ts'

// Many pages, and axe looks at each piece of code in them: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 })

need('chromium').describe('slides in a browser', () => {
  const browser = browserForTests()

  test('keys lead through them, and the address shows the place', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/07-concurrency`)
    const place = () => page.locator('#place').innerText()
    const count = await page.locator('.slide').count()
    const after = async (key: string) => {
      await page.keyboard.press(key)
      return {
        place: await place(),
        hash: new URL(page.url()).hash,
        shown: await page.locator('.slide.current').count(),
      }
    }
    const at = (number: number) => ({ place: `${number} / ${count}`, hash: `#${number}`, shown: 1 })
    expect(await after('ArrowLeft')).toEqual(at(1))
    expect(await after('ArrowRight')).toEqual(at(2))
    expect(await after('Space')).toEqual(at(3))
    expect(await after('ArrowLeft')).toEqual(at(2))
    expect(await after('End')).toEqual(at(count))
    expect(await after('ArrowRight')).toEqual(at(count))
    expect(await after('Home')).toEqual(at(1))
    await page.goto(`${origin}/slides/07-concurrency#5`)
    await page.reload()
    expect(await place()).toBe(`5 / ${count}`)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Next slide' }).click()
    expect(await place()).toBe(`6 / ${count}`)
    await page.keyboard.press('f')
    await page.waitForFunction('document.fullscreenElement !== null')
  })

  test('on a phone, what a key does is in one line, below the key', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/07-concurrency`, {
      viewport: { width: 390, height: 844 },
    })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    const heights = await page
      .locator('dialog dd')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    expect(Math.max(...heights)).toBe(Math.min(...heights))
  })

  test('code runs on the slide', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/01-events#2`)
    await page.keyboard.press('r')
    await page.locator('.current .ran').waitFor()
    expect(await page.locator('.current .run-status').innerText()).toBe('✓ As the lesson shows')
    await page.keyboard.press('Escape')
    expect(await page.locator('.current .ran').count()).toBe(0)
  })

  test('n opens the notes in a separate window, and both windows move together', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/01-events`)
    const [presenter] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('n')])
    await presenter.locator('#notes').getByText('tasks:').waitFor()
    await presenter.keyboard.press('ArrowRight')
    await page.locator('#place').getByText('2 /').waitFor()
    await page.keyboard.press('ArrowRight')
    await presenter.locator('#place').getByText('3 /').waitFor()
    expect(await axe(presenter)).toEqual([])
    // The projector shows what the presenter runs.
    await page.keyboard.press('ArrowLeft')
    await presenter.locator('#place').getByText('2 /').waitFor()
    await presenter.keyboard.press('r')
    await page.locator('.current .ran').waitFor()
    expect(await page.locator('#notes').isVisible()).toBe(false)
    const closed = presenter.waitForEvent('close')
    // It may be gone before the key is up again.
    await Promise.all([closed, presenter.keyboard.press('n').catch(() => {})])
  })

  test('a clicker blacks out the screen, and the next slide or the same key brings it back', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/01-events#2`)
    const [presenter] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('n')])
    await presenter.locator('#place').getByText('2 /').waitFor()
    const black = page.locator('#black')
    const corner = () =>
      page.evaluate<string>('document.elementFromPoint(innerWidth / 2, innerHeight / 3).id')
    for (const key of ['b', '.', 'B']) {
      await page.keyboard.press(key)
      expect(await corner()).toBe('black')
      await presenter.locator('#black').getByText('The screen is black.').waitFor()
      expect(await presenter.locator('.current h1').isVisible()).toBe(true)
      await page.keyboard.press(key)
      await black.waitFor({ state: 'hidden' })
    }
    await presenter.keyboard.press('b')
    await black.waitFor()
    expect(await axe(page)).toEqual([])
    expect(await axe(presenter)).toEqual([])
    await presenter.keyboard.press('ArrowRight')
    await black.waitFor({ state: 'hidden' })
    await page.locator('#place').getByText('3 /').waitFor()
  })

  test('a browser that blocks the notes window is reported', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/01-events`)
    await page.evaluate('window.open = () => null')
    await page.keyboard.press('n')
    const said = page.getByRole('dialog', { name: 'Your browser blocked the notes' })
    await said.getByText('Allow pop-ups for this page').waitFor()
    expect(await axe(page)).toEqual([])
    await page.keyboard.press('Escape')
    await said.waitFor({ state: 'hidden' })
  })

  test('nothing overflows or is under a button, in any lesson', async () => {
    const { learner, origin } = await newReader()
    const page = await browser.open(origin, { viewport: { width: 1280, height: 764 } })
    const tooFull: string[] = []
    for (const { slug } of learner.course.lessons) {
      await page.goto(`${origin}/slides/${slug}`)
      // As print does: all slides are laid out, and each is shrunk if necessary.
      const found = await page.evaluate<string[]>(`(() => {
        dispatchEvent(new Event('beforeprint'))
        return [...document.querySelectorAll('.slide')].flatMap((slide, index) => {
          const content = slide.querySelector('.content')
          const inner = content.querySelector('.fit')
          const size = Number(content.style.getPropertyValue('--fit') || 1)
          const wide = [...inner.querySelectorAll('pre')].some((pre) => pre.scrollWidth > pre.clientWidth + 1)
          const head = slide.querySelector('header').getBoundingClientRect().bottom
          const isUnder = head > content.getBoundingClientRect().top + 1
          const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
          const isCovered = [...inner.querySelectorAll('.run-button')].some((button) => {
            const text = document.createRange()
            text.selectNodeContents(button.closest('.snippet').querySelector('pre code'))
            return [...text.getClientRects()].some((line) => overlaps(line, button.getBoundingClientRect()))
          })
          const isFull =
            inner.scrollHeight > content.clientHeight + 1 || wide || isUnder || isCovered || size < 0.8
          return isFull ? [(index + 1) + ' at ' + size] : []
        })
      })()`)
      tooFull.push(...found.map((slide) => `${slug} ${slide}`))
    }
    expect(tooFull).toEqual([])
  })

  test('printing makes each slide a page', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/07-concurrency`)
    const count = await page.locator('.slide').count()
    const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b(?!s)/g)?.length).toBe(count)
    expect(pdf).toMatch(/\/MediaBox\s*\[\s*0 0 960 540\s*\]/) // 1280 × 720 in points
  })

  test('on a phone, a drawing that goes on has a shadow at its edge, and scrolls', async () => {
    const { origin } = await newReader()
    const phone = { viewport: { width: 390, height: 800 } }
    const page = await browser.open(`${origin}/slides/07-concurrency#3`, phone)
    const drawing = page.locator('.slide.current .diagram pre')
    expect(await drawing.evaluate((box) => box.scrollWidth - box.clientWidth)).toBeGreaterThan(100)
    const background = `getComputedStyle(document.querySelector('.slide.current .diagram pre')).backgroundImage`
    expect(await page.evaluate(background)).toContain('radial-gradient')
    // The keyboard reaches the rest, too.
    expect(await drawing.getAttribute('tabindex')).toBe('0')
    const tops = await page
      .locator('#controls > *')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top))
    expect(Math.max(...tops) - Math.min(...tops)).toBeLessThan(20)
  })

  test('a track is one series of slides, lesson after lesson', async () => {
    const { origin } = await newReader()
    const page = await browser.open(`${origin}/slides/track/ninety-minutes`)
    const titles = await page.locator('.slide.title h1').allTextContents()
    expect(titles.slice(0, 2)).toEqual(['Events', 'A list-based store'])
  })

  test.each(['light', 'dark'] as const)(
    'axe finds nothing in %s, nor anything wider than a phone',
    async (colorScheme) => {
      const { origin } = await newReader()
      const page = await browser.open(`${origin}/slides/07-concurrency`, { colorScheme })
      const { length } = await page.locator('.slide').all()
      for (const number of [1, 4, 15, length - 9]) {
        await page.goto(`${origin}/slides/07-concurrency#${number}`)
        expect(await axe(page)).toEqual([])
      }
      await page.keyboard.press('?')
      expect(await axe(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.setViewportSize({ width: 320, height: 640 })
      for (const number of [1, 4, 15, length]) {
        await page.goto(`${origin}/slides/07-concurrency#${number}`)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
      }
      expect(await axe(page)).toEqual([])
    },
  )
})
