import { lessonNames, timeOfDay } from '../../classroom/learner/after-command.ts'
import { readSent, readView } from '../../classroom/learner/membership.ts'
import { linesOf } from '../../classroom/learner/news.ts'
import { trySending } from '../../classroom/learner/send.ts'
import { memberOf } from '../class-member.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) => {
  const { desk, member } = await memberOf(context)
  const { home, progress, course } = desk
  const problem = await trySending({ folder: home.log, progress, patience: 3_000 })
  const view = readView(home.log)
  const sent = readSent(home.log)
  const waiting = progress.since(sent.logId === progress.logId ? sent.n : 0).length
  const { className, address, name, share } = member
  if (flags.json === true) {
    context.printJson({
      class: className,
      address,
      name,
      share,
      waiting,
      problem: problem ?? null,
      view: view ?? null,
    })
    return Exit.passed
  }
  context.print(`You are in "${className}" at ${address} as ${view?.label ?? name}.`)
  context.print(share ? 'Your instructor sees your code.' : 'Your code is not shown.')
  if (problem !== undefined) context.print(problem)
  context.print(outbox(waiting))
  if (view?.handIsUp) context.print('Your hand is up.')
  for (const line of view === undefined ? [] : linesOf(view, lessonNames(course), timeOfDay))
    context.print(line)
  return Exit.passed
}

function outbox(waiting: number): string {
  if (waiting === 0) return 'Everything is sent.'
  return waiting === 1
    ? '1 event waits, and is sent by itself.'
    : `${waiting} events wait, and are sent by themselves.`
}
