import { newLesson } from '../../authoring/index.ts'
import { shownPath } from '../../learner/learner.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [name = ''], flags) => {
  const { course } = await context.desk()
  const text = (flag: string) => (typeof flags[flag] === 'string' ? flags[flag] : undefined)
  const { slug, files } = await newLesson(course, name, { title: text('title'), chapter: text('chapter') })
  context.print(`These files of lesson ${slug} were created:\n`)
  for (const file of files) context.print(`  ${shownPath(file)}`)
  context.print(`\nIt already runs. To see what's left to write: ${self} dev check ${slug.slice(0, 2)}`)
  context.print('How to write a lesson: CONTRIBUTING.md')
  return Exit.passed
}
