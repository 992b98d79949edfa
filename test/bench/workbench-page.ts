import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Course, filesOf } from '../../src/course/index.ts'
import { homeOf } from '../../src/learner/index.ts'
import { openProgress } from '../../src/progress/index.ts'
import type { Recording } from '../../src/recording/index.ts'
import { serveLessons } from '../../src/web/index.ts'
import { findChromium } from './chromium.ts'
import { type Measured, sideBySide, timed } from './median.ts'
import { type LineProgram, lineProgram } from './run-program.ts'
import { watchedAnswer } from './watched-answer.ts'

export interface WorkbenchPage {
  /** From saving to the verdict, on the page and in `watch --json`. */
  readonly verdict: Measured
  /** When the workbench first paints something, and a page with the same lesson alone. */
  readonly paint: Measured
  /** What the browser has received when it first paints, and with the editor, as it was sent. */
  readonly kB: number
  readonly wholeKb: number
  /** Script of one step of the slider: the mean of `STEPS`, in ms. */
  readonly slider: { readonly ms: number; readonly commands: number }
}

const STEPS = 200

/** From the next key press to the next verdict's time of day, in ms, as the page itself sees it. */
const UNTIL_VERDICT = `void (window.tookMs = new Promise((resolve) => {
  const time = () => /^At (.*), in /.exec(document.querySelector('.verdict .quiet-text')?.textContent ?? '')?.[1]
  const before = time()
  let started
  addEventListener('keydown', () => { started ??= performance.now() }, { capture: true })
  new MutationObserver((_, observer) => {
    if (started === undefined || time() === undefined || time() === before) return
    observer.disconnect()
    resolve(performance.now() - started)
  }).observe(document.body, { subtree: true, childList: true, characterData: true })
}))`

const AT_FIRST_PAINT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const ms = list.getEntriesByName('first-contentful-paint')[0]?.startTime
    if (ms === undefined) return
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    const kbOf = (some) => Math.round(some.reduce((sum, one) => sum + one.encodedBodySize, 0) / 1_000)
    resolve({ ms, kB: kbOf(all.filter((one) => one.responseEnd <= ms)), wholeKb: kbOf(all) })
  }).observe({ type: 'paint', buffered: true })
})`

/** The workbench with the recording's lesson in Chromium, compared with what it replaces; undefined without Chromium. */
export async function measureWorkbench(
  course: Course,
  times: number,
  recording: Recording,
): Promise<WorkbenchPage | undefined> {
  const executablePath = findChromium(process.env)
  if (executablePath === undefined) return undefined
  const { lesson: slug } = recording
  const program = join(course.root, 'src', 'cli', 'eventlings.mjs')
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-bench-'))
  const env = (name: string) => ({ ...process.env, EVENTLINGS_HOME: join(folder, name) })
  const open = lineProgram([program, 'open', slug], course.root, env('open'))
  const watch = lineProgram([program, 'watch', slug, '--json'], course.root, env('watch'))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await page.goto(await addressOf(open))
    await page.locator('.cm-content').waitFor()
    const { kB, wholeKb } = await painted(page) // later, all of it comes from the browser's cache
    const home = homeOf(course, env('watch'))
    const solution = await readFile(filesOf(course, slug).solution, 'utf8')
    await watch.nextLine()
    const verdict = await saves(page, watch, home.answer(slug), solution, times)
    const paint = await paints(browser, page, course, slug, folder, times)
    const slider = { ms: await stepCost(page, recording), commands: recording.steps.length }
    return { verdict, paint, kB, wholeKb, slider }
  } finally {
    await browser.close()
    await Promise.all([open.stop(), watch.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function addressOf(program: LineProgram): Promise<string> {
  for (;;) {
    const line = await program.nextLine()
    if (line.startsWith('http')) return line
  }
}

async function saves(page: Page, watch: LineProgram, file: string, solution: string, times: number) {
  const { save } = watchedAnswer(watch, file, solution)
  const editor = page.locator('.cm-content')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(`${solution}\n`)
  const onPage = async () => {
    await page.keyboard.insertText('//\n')
    await page.evaluate(UNTIL_VERDICT)
    await page.keyboard.press('ControlOrMeta+s')
    const ms = await page.evaluate<number>('window.tookMs')
    await sleep(1_000) // for the work after a verdict, which must not slow down the other
    return ms
  }
  const inWatch = async () => {
    const ms = await timed(save)
    await sleep(1_000)
    return ms
  }
  for (let i = 0; i < 2; i += 1) {
    await onPage()
    await inWatch()
  }
  return await sideBySide(times, onPage, inWatch)
}

async function paints(
  browser: Browser,
  page: Page,
  course: Course,
  slug: string,
  folder: string,
  times: number,
) {
  const home = homeOf(course, { EVENTLINGS_HOME: join(folder, 'read') })
  const lessons = await serveLessons({
    learner: { course, home, progress: openProgress(home.log) },
    preference: 'embedded',
  })
  try {
    const other = await browser.newPage()
    const workbench = page.url()
    await other.goto(`${lessons.origin}/lessons/${slug}`)
    const first = async (which: Page, address: string) => {
      await which.bringToFront() // others don't paint
      await which.goto(address)
      return (await painted(which)).ms
    }
    const paint = await sideBySide(
      times,
      () => first(page, workbench),
      () => first(other, `${lessons.origin}/lessons/${slug}`),
    )
    await other.close()
    await page.bringToFront()
    return paint
  } finally {
    await lessons.close()
  }
}

/** When the page first painted, what it had received by then, and what it has received until now. */
function painted(
  page: Page,
): Promise<{ readonly ms: number; readonly kB: number; readonly wholeKb: number }> {
  return page.evaluate(AT_FIRST_PAINT)
}

/** Replaces the run of the last check by a recording, and walks through it with the keyboard. */
async function stepCost(page: Page, recording: Recording): Promise<number> {
  await page.route('**/recording', (route) => route.fulfill({ json: { kind: 'run', recording, states: [] } }))
  await page.reload()
  await page.getByRole('button', { name: 'Check' }).click()
  const slider = page.getByRole('slider', { name: 'Step' })
  await slider.focus()
  await page.keyboard.press('Home')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  const script = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? Number.NaN
  }
  const before = await script()
  for (let i = 0; i < STEPS; i += 1) await page.keyboard.press('ArrowRight')
  return Math.round(((await script()) - before) * (1_000 / STEPS) * 10) / 10
}
