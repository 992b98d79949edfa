import { type ClassExport, paths } from '../../classroom/api.ts'
import { costOfDiagnoses } from '../../classroom/report.ts'
import { table } from '../../terminal/table.ts'
import { askClass } from '../class-here.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

const MOST = 15

export const run: Run = async (context, _args, flags) => {
  const { name, answer } = await askClass<ClassExport>(context, flags, paths.export, undefined, (hub) =>
    hub.export(),
  )
  const costs = costOfDiagnoses(answer)
  if (flags.json === true) {
    context.printJson({ class: name, diagnoses: costs })
    return Exit.passed
  }
  const { participants } = answer
  const { palette, width } = context
  context.print(palette.paint(`"${name}": what cost the most time`, 'bold'))
  if (costs.length === 0) context.print('\nNo checks have failed.')
  const rows = costs
    .slice(0, MOST)
    .map(({ slug, task, diagnosis, participants: who, ms }) => [
      `${Math.round(ms / 60_000)} min`,
      `${who} of ${participants.length}`,
      `${slug.slice(0, 2)} ${task ?? ''}`,
      diagnosis,
    ])
  const header = ['Time', 'Who', 'Task', 'Diagnosis']
  const align = ['right', 'right', 'left', 'left'] as const
  if (rows.length > 0) context.print(`\n${table(rows, { width, palette, header, align })}`)
  if (costs.length > MOST) context.print(`\n${costs.length - MOST} more; --json shows all of them.`)
  return Exit.passed
}
