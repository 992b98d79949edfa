import path from 'node:path'
import { newCourse } from '../../../authoring/index.ts'
import { Exit } from '../../../common/exit.ts'
import { projectRoot } from '../../../common/own-folder.ts'
import { withCourse } from '../../../common/self.ts'
import { shownPath } from '../../../common/shown-path.ts'
import { defineCommand } from '../../command.ts'

export const command = defineCommand({
  flags: {},
  examples: [['dev new-course ../my-course', 'then add --course ../my-course to any command']],
  run: async (context, [name = '']) => {
    const folder = path.resolve(name)
    const { files } = await newCourse(folder, projectRoot())
    context.print(`This course was created in ${shownPath(folder)}, with one lesson:\n`)
    for (const file of files) context.print(`  ${shownPath(file)}`)
    const there = withCourse(shownPath(folder))
    context.print(`\nIt already runs: ${there}`)
    context.print(`To see what's left to write: ${there} dev check`)
    context.print('To stay in this course, set EVENTLINGS_COURSE to its folder.')
    return Exit.passed
  },
})
