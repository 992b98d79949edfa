import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { filesOf } from '../../../../src/course/index.ts'
import { newSession } from '../../../../src/learner/check-session.ts'
import type { Learner } from '../../../../src/learner/learner.ts'
import { openWorkbench, type WorkbenchOptions } from '../../../../src/web/workbench/index.ts'
import { newLearner } from '../reader.ts'

/** A workbench for one test, with the Redis that every machine has. */
export async function newWorkbench(
  slug: string,
  given?: Learner,
  options: Pick<WorkbenchOptions, 'snippetSeconds'> = {},
) {
  const learner = given ?? (await newLearner())
  const session = newSession({ course: learner.course, preference: 'embedded', stayWarm: true })
  const edited: string[] = []
  const workbench = await openWorkbench(`/lessons/${slug}`, {
    ...options,
    learner,
    session,
    edit: async (file, line) => void edited.push(`${file}:${line}`),
    passedText: async ({ slug }) => `**What you know now:** you passed ${slug}.`,
  })
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await workbench.close()
    await session.close()
  }
  onTestFinished(close)
  return { learner, edited, close, address: workbench.address, file: learner.home.answer(slug) }
}

export function solutionOf({ course }: Learner, slug: string): Promise<string> {
  return readFile(filesOf(course, slug).solution, 'utf8')
}

/** Types into the editor as a learner would, except that all of it arrives at once, as if it were pasted. */
export async function write(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
}

/** The editor draws only the lines in view, so this works only if there are few of them. */
export async function written(page: Page): Promise<string> {
  return (await page.locator('.cm-line').allInnerTexts()).map((line) => line.replace(/^\n$/, '')).join('\n')
}
