import { type Overview, paths } from '../../../classroom/api.ts'
import { fullInWords } from '../../../classroom/full.ts'
import { type ClassFile, readClasses } from '../../../classroom/host/class-file.ts'
import { isOpen, ownAddress } from '../../../classroom/host/open-class.ts'
import { limits } from '../../../classroom/limits.ts'
import { freshNews, lessonNames } from '../../../classroom/member/after-command.ts'
import { isInClass } from '../../../classroom/member/files.ts'
import { readSent, readView } from '../../../classroom/member/membership.ts'
import { linesOf } from '../../../classroom/member/news.ts'
import { RefusedError, request } from '../../../classroom/member/request.ts'
import { sendPending } from '../../../classroom/member/send.ts'
import { paceAt, paceInWords } from '../../../classroom/pace.ts'
import { plainText } from '../../../classroom/projections/names.ts'
import { timeOfDay } from '../../../classroom/time-of-day.ts'
import { Exit, type ExitCode } from '../../../common/exit.ts'
import { roster, rosterData } from '../../class-roster.ts'
import { defineCommand, self } from '../../command.ts'
import type { Context } from '../../context.ts'
import { json } from '../../flags.ts'
import { memberOf } from '../../membership.ts'

/** A person who runs a class on this machine and isn't in one means their own. */
export const command = defineCommand({
  flags: {
    json,
  },
  examples: [['class status', "what was sent, what's waiting, and class news"]],
  run: async (context, _args, flags) => {
    const { home } = await context.learner()
    const [own] = readClasses(home.log)
    return own === undefined || isInClass(home.log)
      ? ofMember(context, flags.json)
      : ofInstructor(context, own, flags.json)
  },
})

async function ofInstructor(context: Context, file: ClassFile, asData: boolean): Promise<ExitCode> {
  const { name, joinCode } = file.classInfo
  const address = ownAddress(file)
  if (!(await isOpen(file))) {
    if (asData) context.printJson({ class: name, open: false })
    else context.print(`Your class "${name}" isn't open. To reopen it: ${self} class resume`)
    return Exit.passed
  }
  const to = { address, token: file.secret, timeoutMs: 10_000 }
  const overview = await request<Overview>(to, paths.overview)
  const { summary, addresses, class: head, now } = overview
  const { participants, hands } = summary
  const pace = summary.pace && paceAt(summary.pace, head.lessons, now)
  if (asData) {
    context.printJson({
      class: name,
      open: true,
      addresses,
      joinCode,
      participants,
      hands,
      full: overview.full === true,
      pace: pace ?? null,
      people: rosterData(overview),
    })
    return Exit.passed
  }
  const people = participants === 1 ? '1 learner' : `${participants} learners`
  const raised = hands === 0 ? '' : `, ${hands === 1 ? '1 hand' : `${hands} hands`} raised`
  const isClosed = head.closedAt !== undefined
  const learners = isClosed
    ? `closed; to let them in again: ${self} class reopen`
    : `${self} class join ${addresses[0] ?? address} --code ${joinCode} --as NAME`
  context.print(`Your class "${name}" is ${isClosed ? 'closed' : 'open'}: ${people}${raised}.

  Learners:  ${learners}
  You:       ${address}/instructor`)
  if (overview.full) context.print(`\n${fullInWords}`)
  if (pace !== undefined) context.print(`\n${paceInWords(pace, head.lessons)}`)
  if (participants > 0) context.print(`\n${roster(overview, context)}`)
  return Exit.passed
}

async function ofMember(context: Context, asData: boolean): Promise<ExitCode> {
  const { learner, member } = await memberOf(context)
  const { home, progress, course } = learner
  const error = await sendPending({ folder: home.log, progress, timeoutMs: 3_000 }).then(
    () => undefined,
    (reason: Error) => reason,
  )
  const problem = error?.message
  const isIn = !(error instanceof RefusedError && error.status === 403)
  const view = isIn ? readView(home.log) : undefined
  const sent = readSent(home.log)
  const waiting = progress.since(sent.logId === progress.logId ? sent.n : 0).length
  const { className, address, name } = member
  // Another machine of the same person may have stopped it.
  const share = error === undefined ? (view?.sharesCode ?? member.share) : member.share
  if (asData) {
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
  if (!isIn) {
    context.print(`You aren't in "${className}" at ${address} anymore. ${problem}`)
    return Exit.passed
  }
  context.print(`You're in "${className}" at ${address} as ${plainText(view?.label ?? name, limits.text)}.`)
  context.print(share ? 'Your instructor sees your code.' : "Your code isn't shown.")
  // That the class is closed is among its news, too.
  if (problem !== undefined && !(error instanceof RefusedError && error.status === 410))
    context.print(problem)
  context.print(outbox(waiting))
  if (view?.handIsUp) context.print('Your hand is up.')
  const names = lessonNames(course)
  for (const line of view === undefined ? [] : linesOf(view, names, timeOfDay)) context.print(line)
  freshNews(home.log, names).seen() // every command ends with news, and here it was shown just now
  return Exit.passed
}

function outbox(waiting: number): string {
  if (waiting === 0) return 'Everything has been sent.'
  return waiting === 1
    ? '1 event is waiting and will be sent automatically.'
    : `${waiting} events are waiting and will be sent automatically.`
}
