import { UsageError } from '../../../common/exit.ts'
import { isPackaged } from '../../../common/own-folder.ts'
import type { ListedCommand, Load } from '../../command.ts'

export const devCommands: ListedCommand = {
  usage: 'dev',
  summary: 'for authors: check and create lessons, add mistakes',
  load: inClone(() => import('../dev.ts')),
  inner: [
    {
      usage: 'check [lessons...]',
      summary: "check a lesson's text, starter, solution, right answers, and mistakes",
      load: inClone(() => import('./check.ts')),
    },
    {
      usage: 'new <slug>',
      summary: 'create all files of a new lesson',
      load: inClone(() => import('./new.ts')),
    },
    {
      usage: 'new-course <folder>',
      summary: 'create a course of your own, with a single lesson',
      load: inClone(() => import('./new-course.ts')),
    },
    {
      usage: 'mistake <lesson> <file-or-name>',
      summary: 'turn a wrong answer into a section of test/mistakes, or a section into a file',
      load: inClone(() => import('./mistake.ts')),
    },
  ],
}

/** The npm package has neither the other answers nor the program's sources. */
function inClone(load: Load): Load {
  if (!isPackaged) return load
  return async () => ({ command: { ...(await load()).command, run: refuse } })
}

async function refuse(): Promise<never> {
  throw new UsageError(
    'Lessons are written in a clone of the repository, and this is the published package. Clone it, then run "npm install".',
  )
}
