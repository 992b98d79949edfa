import { newLesson } from '../../../authoring/index.ts'
import { Exit } from '../../../common/exit.ts'
import { shownPath } from '../../../common/shown-path.ts'
import { defineCommand, self } from '../../command.ts'
import { text } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    title: text('title', 'its title'),
    chapter: text('chapter', "its chapter; default: the last lesson's chapter"),
  },
  examples: [['dev new outbox', 'uses the next free number']],
  run: async (context, [name = ''], flags) => {
    const { course } = await context.learner()
    const { slug, files } = await newLesson(course, name, flags)
    context.print(`These files of lesson ${slug} were created:\n`)
    for (const file of files) context.print(`  ${shownPath(file)}`)
    context.print(`\nIt already runs. To see what's left to write: ${self} dev check ${slug.slice(0, 2)}`)
    context.print('How to write a lesson: CONTRIBUTING.md')
    return Exit.passed
  },
})
