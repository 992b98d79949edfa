import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { csvHead, csvRows } from '../../../classroom/export.ts'
import type { ExportPart } from '../../../classroom/read-export.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
    force: flag('overwrite the file'),
  },
  examples: [['class export tuesday.csv', 'one row per attempt']],
  run: async (context, [file = ''], flags) => {
    const write = { '.csv': writeCsv, '.json': writeJson }[path.extname(file).toLowerCase()]
    if (write === undefined) {
      throw new UsageError(
        `The file's extension selects the format: ${self} class export class.csv, or class.json`,
      )
    }
    if (existsSync(file) && !flags.force) {
      throw new UsageError(`${file} already exists. Choose another name, or use --force to overwrite it.`)
    }
    return withClass(context, flags, async (here) => {
      const counts = { participants: 0, attempts: 0 }
      await whole(file, (out) => write(out, counted(here.export(), counts)))
      const { participants, attempts } = counts
      const who = participants === 1 ? '1 learner' : `${participants} learners`
      const { name } = here.file.classInfo
      context.print(`"${name}": ${who}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, in ${file}.`)
      return Exit.passed
    })
  },
})

/** Writes the file, or none. It contains names, which aren't for everyone on this machine. */
async function whole(file: string, write: (out: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  const out = await open(temporary, 'w', 0o600)
  try {
    await write(out)
    await out.close()
    await rename(temporary, file)
  } catch (error) {
    await out.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}

async function* counted(
  parts: AsyncIterable<ExportPart>,
  counts: { participants: number; attempts: number },
): AsyncGenerator<ExportPart> {
  for await (const part of parts) {
    if (part.kind === 'participant') {
      counts.participants += 1
      counts.attempts += part.attempts.length
    }
    yield part
  }
}

async function writeCsv(out: FileHandle, parts: AsyncIterable<ExportPart>): Promise<void> {
  await out.write(csvHead)
  for await (const part of parts) if (part.kind === 'participant') await out.write(csvRows(part))
}

/** One JSON value, written a participant at a time. */
async function writeJson(out: FileHandle, parts: AsyncIterable<ExportPart>): Promise<void> {
  let before = ''
  for await (const part of parts) {
    if (part.kind === 'export') await out.write(`${JSON.stringify(part).slice(0, -1)},"participants":[`)
    else if (part.kind === 'participant') {
      await out.write(`${before}\n${JSON.stringify(part)}`)
      before = ','
    } else await out.write('\n]}\n')
  }
}
