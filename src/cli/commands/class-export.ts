import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type ClassExport, paths } from '../../classroom/api.ts'
import { exportCsv, exportJson } from '../../classroom/export.ts'
import { askClass } from '../class-here.ts'
import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [file = ''], flags) => {
  const write = { '.csv': exportCsv, '.json': exportJson }[path.extname(file).toLowerCase()]
  if (write === undefined) {
    throw new UsageError(
      `The file's extension selects the format: ${self} class export class.csv, or class.json`,
    )
  }
  if (existsSync(file) && flags.force !== true) {
    throw new UsageError(`${file} already exists. Choose another name, or use --force to overwrite it.`)
  }
  const { name, answer } = await askClass<ClassExport>(context, flags, paths.export, undefined, (hub) =>
    hub.export(),
  )
  // It contains names, which aren't for everyone on this machine.
  await writeFile(file, write(answer), { mode: 0o600 })
  const attempts = answer.participants.reduce((sum, one) => sum + one.attempts.length, 0)
  const who =
    answer.participants.length === 1 ? '1 participant' : `${answer.participants.length} participants`
  context.print(`"${name}": ${who}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, in ${file}.`)
  return Exit.passed
}
