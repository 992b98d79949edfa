import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { firstFailure, formatMistake, mistakeFor, readBases, readMistakes } from '../../../authoring/index.ts'
import type { CheckResult } from '../../../check/index.ts'
import { Exit, type ExitCode, UsageError } from '../../../common/exit.ts'
import { filesOf, findLesson, type LessonSummary } from '../../../course/index.ts'
import { nearestName } from '../../../course/nearest.ts'
import { defineCommand, self } from '../../command.ts'
import type { Context } from '../../context.ts'
import { flag } from '../../flags.ts'
import { withSession } from '../../with-session.ts'

export const command = defineCommand({
  flags: {
    append: flag("add the section to the lesson's mistakes"),
  },
  examples: [
    ['dev mistake 07 my-answer.ts', 'checks the file, and prints its section'],
    ['dev mistake 07 my-answer.ts --append', 'adds it to test/mistakes/07-concurrency.md'],
    ['dev mistake 07 clock-as-id', 'prints the file that a section produces'],
  ],
  run: async (context, [named = '', what = ''], flags) => {
    const { course } = await context.learner()
    const lesson = findLesson(course, named)
    return what.endsWith('.ts')
      ? printSection(context, lesson, what, flags.append)
      : printFile(context, lesson, what)
  },
})

/** The file that a section makes, unchanged: for `> mine.ts`, and for `check --file`. */
async function printFile(context: Context, { slug, number }: LessonSummary, name: string): Promise<ExitCode> {
  const { course } = await context.learner()
  const { answers, broken } = await readMistakes(course, slug)
  const problem = broken.find((section) => section.name === name)?.problem
  if (problem !== undefined)
    throw new UsageError(`The mistake "${name}" can't be turned into a file. ${problem}`)
  const found = answers.find((answer) => answer.name === name)
  if (found === undefined) {
    const guess = nearestName(
      name,
      answers.map((answer) => answer.name),
    )
    throw new UsageError(
      `Lesson ${number} has no mistake "${name}".${guess === undefined ? '' : ` Did you mean "${guess}"?`} Its mistakes are in test/mistakes/${slug}.md. To add one, name a file that ends in .ts.`,
    )
  }
  context.output.write(found.text)
  return Exit.passed
}

/**
 * The check determines the task that catches the file and the words it uses, so the author only has to shorten the
 * words.
 */
async function printSection(
  context: Context,
  { slug, number }: LessonSummary,
  file: string,
  append: boolean,
): Promise<ExitCode> {
  const learner = await context.learner()
  const [text, { answers, broken }] = await Promise.all([
    readFile(file, 'utf8'),
    readMistakes(learner.course, slug),
  ])
  const name = path.basename(file, '.ts')
  if ([...answers, ...broken].some((known) => known.name === name)) {
    throw new UsageError(`Lesson ${number} already has a mistake "${name}". Give the file another name.`)
  }
  const target = { kind: 'file', path: path.resolve(file) } as const
  const result = await withSession(context, learner, (session) => session.check(slug, target))
  const caught = caughtBy(result)
  const about = { name, notOnEmbedded: undefined, ...(caught ?? { task: 'TODO', says: 'TODO' }) }
  const section = formatMistake(mistakeFor(text, about, await readBases(learner.course, slug)))
  if (append) {
    const { mistakes } = filesOf(learner.course, slug)
    await addSection(mistakes, section, slug)
    context.print(`Added to ${mistakes}. Shorten its "says" line, then run: ${self} dev check ${number}`)
  } else context.output.write(section)
  if (caught === undefined) {
    context.note(
      result.passed
        ? 'The file passes, so no test catches this mistake yet. Write one, then fill in "task" and "says".'
        : `The file can't run: ${result.diagnosis ?? "there's no diagnosis"}`,
    )
  }
  return caught === undefined ? Exit.notPassed : Exit.passed
}

function caughtBy(result: CheckResult): { readonly task: string; readonly says: string } | undefined {
  const { task, diagnosis } = firstFailure(result) ?? {}
  if (task === undefined || diagnosis === undefined) return undefined
  const [sentence = diagnosis] = diagnosis.split(/(?<=[.!?])\s/)
  return { task, says: sentence.replace(/\.$/, '') }
}

async function addSection(file: string, section: string, slug: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const isNew = await writeFile(file, `# Mistakes in ${slug}\n\n${section}`, { flag: 'wx' }).then(
    () => true,
    () => false,
  )
  if (!isNew) await appendFile(file, `\n${section}`)
}
