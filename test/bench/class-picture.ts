/**
 * `npm run picture`, second half: the dashboard of a class for the README. Every light and sentence on it comes from
 * `eventlings` itself: learners with their own homes join, start, check right answers and mistakes, and ask for help.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { readMistakes } from '../../src/authoring/mistakes/files.ts'
import { rehearse } from '../../src/classroom/simulate/rehearsal.ts'
import { loadCourse } from '../../src/course/index.ts'
import { findChromium } from './chromium.ts'
import { runProgram } from './run-program.ts'

interface Learner {
  readonly name: string
  /** The number of passed lessons. */
  readonly passed: number
  /** The mistakes in the next lesson, one check each. */
  readonly tries: readonly string[]
  readonly hints?: number
  readonly hand?: string
}

const learners: readonly Learner[] = [
  { name: 'Ada', passed: 3, tries: [] },
  { name: 'Bruno', passed: 2, tries: ['torn-entry-skipped', 'changes-the-event'] },
  {
    name: 'Chiara',
    passed: 1,
    tries: ['separate-commands', 'pipeline-for-a-transaction'],
    hints: 2,
    hand: "Isn't a pipeline a transaction?",
  },
  { name: 'Deniz', passed: 1, tries: ['pipeline-for-a-transaction'] },
  { name: 'Elif', passed: 2, tries: [] },
  { name: 'Farid', passed: 1, tries: ['separate-commands', 'one-page-only'], hints: 1 },
  { name: 'Greta', passed: 0, tries: ['clock-read-twice', 'top-level-only'] },
  { name: 'Hiro', passed: 3, tries: [] },
]

const course = await loadCourse()
const program = join(course.root, 'src', 'cli', 'eventlings.mjs')
const homes = await mkdtemp(join(tmpdir(), 'eventlings-picture-'))
const rehearsal = await rehearse(program, 1, process.env)
try {
  for (const learner of learners) await attend(learner)
  await takePicture()
} finally {
  await rehearsal.close()
  await rm(homes, { recursive: true, force: true, maxRetries: 5 })
}

async function attend({ name, passed, tries, hints = 0, hand }: Learner): Promise<void> {
  const home = join(homes, name)
  const env = { ...process.env, EVENTLINGS_HOME: home }
  const run = (...words: string[]) => runProgram([program, ...words], course.root, { allowed: [0, 1], env })
  const check = async (slug: string, answer: string) => {
    await run('start', slug)
    await cp(answer, join(home, 'workspace', `${slug}.ts`))
    await run('check', slug)
  }
  await run('class', 'join', rehearsal.hubs[0] ?? '', '--code', rehearsal.joinCode, '--as', name)
  for (const { slug } of course.lessons.slice(0, passed)) {
    await check(slug, join(course.root, 'solutions', `${slug}.ts`))
  }
  const { slug = '' } = course.lessons[passed] ?? {}
  const { answers } = await readMistakes(course, slug)
  for (const name of tries) {
    const mistake = answers.find((answer) => answer.name === name)
    if (mistake === undefined) throw new Error(`${slug} has no mistake ${name}.`)
    await check(slug, mistake.path)
  }
  for (let hint = 0; hint < hints; hint += 1) await run('hint', slug)
  if (hand !== undefined) await run('stuck', hand)
  await run('class', 'send')
}

async function takePicture(): Promise<void> {
  const executablePath = findChromium(process.env)
  if (executablePath === undefined) throw new Error('The picture of the class needs Chromium on the PATH.')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
    await page.goto(`${rehearsal.hubs[0]}/instructor`)
    await page.getByLabel('Secret').fill(rehearsal.secret)
    await page.getByRole('button', { name: 'Open the dashboard' }).click()
    await page.getByText(`${learners.length} learners`).waitFor()
    await page.screenshot({ path: join(course.root, '.github', 'class.png') })
  } finally {
    await browser.close()
  }
}
