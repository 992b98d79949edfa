import { fromCommands } from '../../../src/recording/from-commands.ts'
import type { Recording, Step } from '../../../src/recording/types.ts'

type Run = Pick<Recording, 'depth' | 'lanes' | 'steps'>

/**
 * A run as lines: the client, `!` if the check held the command, the command, and its reply after an arrow. Without a
 * reply, the process died before it was sent.
 *
 *     1  XLEN events → (integer) 1
 *     1! XADD events * n 2 → "2-0"
 */
export function run(text: string): Run {
  const lines = text.split('\n').map((line) => line.trim())
  return fromCommands(
    lines.filter(Boolean).map((line, index) => {
      const [, client, held, command = '', reply] = /^(\d)(!?)\s+(.*?)(?: → (.*))?$/.exec(line) ?? []
      return {
        client: Number(client),
        command,
        reply: reply ?? 'never sent: the process died',
        held: held === '!',
        at: (index + 1) * 0.5,
      }
    }),
  )
}

/** The same run with what its steps changed: by number of the step, the keys. */
export function withChanges(of: Run, changed: Readonly<Record<number, string>>): Run {
  const steps = of.steps.map((step): Step => {
    const key = changed[step.n]
    return key === undefined
      ? step
      : { ...step, changes: [{ key, type: 'string', value: [{ s: 'old' }, { s: 'new' }] }] }
  })
  return { ...of, depth: 'changes', steps }
}
