import { existsSync } from 'node:fs'
import { Exit, UsageError } from '../../../common/exit.ts'
import { answersBeside, exportAnswers } from '../../../learner/index.ts'
import { defineCommand, self } from '../../command.ts'
import { flag } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    force: flag('overwrite the file'),
  },
  examples: [['progress export mine.jsonl', 'to take it to another machine']],
  run: async (context, [file = ''], flags) => {
    const { progress, course, home } = await context.learner()
    const force = flags.force
    const folder = answersBeside(file)
    if (!force && existsSync(folder)) {
      throw new UsageError(`${folder} already exists. Choose another name, or overwrite it with --force.`)
    }
    const { events } = await progress.exportTo(file, { force })
    const answers = await exportAnswers(course, home, folder)
    const what = `${events} ${events === 1 ? 'event' : 'events'}`
    context.print(
      answers === 0
        ? `${what} copied to ${file}. There are no answers to copy.`
        : `${what} copied to ${file}, and ${answers} ${answers === 1 ? 'answer' : 'answers'} to ${folder}. Keep them together.`,
    )
    context.print(`On the other machine: ${self} progress import ${file}`)
    return Exit.passed
  },
})
