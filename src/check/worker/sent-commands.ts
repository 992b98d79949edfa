import type { SentCommand } from '../kit/context.ts'
import { inOrder, type Placed } from '../kit/recorder/order.ts'
import { sentCommands } from '../kit/recorder/recording.ts'
import { showCommand, showReply } from '../kit/show.ts'
import { sinceTestBegan } from '../kit/test-clock.ts'
import type { CommandRecord, Commands } from '../result.ts'

/** How many commands are kept from the beginning and from the end, where a failure usually shows. */
const FIRST = 12
const LAST = 28

/** What the learner's code has sent in this test, in the order in which Redis executed it. */
export function recordedCommands(): Commands {
  return withoutMiddle(inOrder(sentCommands().flatMap(attempts)).map(asRecord))
}

export function withoutMiddle(commands: readonly CommandRecord[]): Commands {
  const count = commands.length - FIRST - LAST
  if (count <= 0) return { commands }
  return {
    commands: [...commands.slice(0, FIRST), ...commands.slice(-LAST)],
    leftOut: { after: FIRST, count },
  }
}

/** As often as it was sent: a command whose reply got lost may well have been executed. */
export function attempts(command: SentCommand): readonly SentCommand[] {
  const lost = (command.lost ?? []).map((attempt) => {
    const { reply, error, turn, ...rest } = command
    return { ...rest, ...attempt, pending: true }
  })
  return [...lost, command]
}

function asRecord({ command, about }: Placed<SentCommand>): CommandRecord {
  const { client, name, args, held, issuedAt, sentAt } = command
  return {
    client,
    command: showCommand(name, args),
    reply: replyOf(command),
    held: held === true,
    at: Math.round(sinceTestBegan(sentAt ?? issuedAt) * 100) / 100,
    ...(about && { about }),
  }
}

function replyOf({ pending, answered, sent, gone, held, reply, error }: SentCommand): string {
  if (!pending) return showReply(error ?? reply)
  if (answered !== undefined) return 'no reply: the connection broke'
  if (gone === 'died') return 'never sent: the process died'
  if (sent !== undefined) return 'no reply yet'
  return held === true ? 'not sent yet: the check still holds it' : "not sent yet: the connection isn't open"
}
