import type { CommandRecord, Commands } from '../check/index.ts'
import type { Line } from '../terminal/text.ts'
import { cut, lineWidth, span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Details } from './details.ts'

/** How many commands are shown without --verbose. */
const FEW = 8
/** For a long list, the beginning and the end, where the error was found. */
const FIRST = 2
const LAST = 5
/** Minimum width of a shown command, in columns; if there's less room, remarks about it go on the next line. */
const MOST_CUT = 20

/** What the answer sent to Redis, with replies. */
export function commandLines({ commands, leftOut }: Commands, details: Details): readonly Line[] {
  if (commands.length === 0) return []
  const severalClients = new Set(commands.map(({ client }) => client)).size > 1
  const all = details.verbose || commands.length <= FEW
  const lines: Line[] = []
  let missing = 0
  const gap = () => {
    if (missing > 0) lines.push([span(`    … ${missing} more command${missing === 1 ? '' : 's'}`, 'dim')])
    missing = 0
  }
  for (const [index, record] of commands.entries()) {
    if (index === leftOut?.after) missing += leftOut.count
    if (all || isTelling(index, commands)) {
      gap()
      lines.push(...exchange(record, severalClients, details))
    } else missing += 1
  }
  const hint = all ? '' : ' (more with --verbose)'
  const heading = span(`Its commands, in the order Redis executed them${hint}:`, 'dim')
  return [[], ...wrap(heading, { width: details.width, first: '  ' }), ...lines]
}

/** Beginning and end, and where the check stepped in, with the command before it. */
function isTelling(index: number, commands: readonly CommandRecord[]): boolean {
  const held = commands.findIndex((command) => command.held)
  return (
    index < FIRST ||
    index >= commands.length - LAST ||
    (held !== -1 && (index === held || index === held - 1))
  )
}

function exchange(record: CommandRecord, severalClients: boolean, details: Details): readonly Line[] {
  const { command, reply, client } = record
  const { width, palette, verbose } = details
  const first = [span('    '), ...(severalClients ? [span(`client ${client}  `, 'dim')] : [])]
  const remark = remarkOn(record)
  const room = Math.max(MOST_CUT, width - lineWidth(first) - lineWidth(remark))
  const text = verbose ? command : cut(span(command).text, room, palette)
  const look = /^(\(error|no reply|not sent|never sent)/.test(reply) ? ('red' as const) : ('green' as const)
  return [
    ...wrap([span(text, 'cyan'), span(remark, 'dim')], { width, first }),
    ...wrap(span(reply, look), { width, first: ' '.repeat(lineWidth(first) + 2) }),
  ]
}

function remarkOn({ held, about }: CommandRecord): string {
  if (held) return about ? '  (held by the check; order uncertain)' : '  (held by the check)'
  return about ? '  (order uncertain)' : ''
}
