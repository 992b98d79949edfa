import { DiagnosisCosts } from '../../../classroom/report.ts'
import { Exit } from '../../../common/exit.ts'
import { table } from '../../../terminal/table.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { json, whichClass } from '../../flags.ts'

const MOST = 15

export const command = defineCommand({
  flags: {
    name: whichClass,
    json,
  },
  examples: [['class report', 'what to start with next time']],
  run: async (context, _args, flags) => {
    const { name, costs, participants } = await withClass(context, flags, async (here) => {
      const all = new DiagnosisCosts()
      let count = 0
      for await (const part of here.export()) {
        if (part.kind !== 'participant') continue
        count += 1
        all.add(part)
      }
      return { name: here.file.classInfo.name, costs: all.sorted(), participants: count }
    })
    if (flags.json) {
      context.printJson({ class: name, diagnoses: costs })
      return Exit.passed
    }
    const { palette, width } = context
    context.print(palette.paint(`"${name}": what cost the most time`, 'bold'))
    if (costs.length === 0) context.print('\nNo checks have failed so far, except on untouched starters.')
    const rows = costs
      .slice(0, MOST)
      .map(({ slug, task, diagnosis, participants: who, ms }) => [
        `${Math.round(ms / 60_000)} min`,
        `${who} of ${participants}`,
        `${slug.slice(0, 2)} ${task ?? ''}`,
        diagnosis,
      ])
    const header = ['Time', 'Who', 'Task', 'Diagnosis']
    const align = ['right', 'right', 'left', 'left'] as const
    if (rows.length > 0) context.print(`\n${table(rows, { width, palette, header, align })}`)
    if (costs.length > MOST) context.print(`\n${costs.length - MOST} more; --json shows all of them.`)
    return Exit.passed
  },
})
