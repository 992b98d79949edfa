import {
  type Done,
  type InstructorCommand,
  type Overview,
  type ParticipantRow,
  paths,
} from '../classroom/api.ts'
import { ClassError } from '../classroom/errors.ts'
import { type ClassFile, findClass } from '../classroom/host/class-file.ts'
import { request } from '../classroom/member/request.ts'
import { plainName } from '../classroom/projections/names.ts'
import { type ExportPart, readExport } from '../classroom/read-export.ts'
import type { Context } from './context.ts'

/** A class of this machine, as its instructor's commands use it. */
export interface ClassClient {
  readonly file: ClassFile
  overview(): Promise<Overview>
  send(command: InstructorCommand): Promise<void>
  export(): AsyncIterable<ExportPart>
}

/** Works with the class in question: with its running hub, or with one that is opened for the moment. */
export async function withClass<T>(
  context: Context,
  { name }: { readonly name: string | undefined },
  work: (client: ClassClient) => Promise<T>,
): Promise<T> {
  const { course, home } = await context.learner()
  const file = findClass(home.log, name)
  // The hub takes longer to load than most of these commands take to run.
  const { isOpen, openHub, ownAddress } = await import('../classroom/host/open-class.ts')
  if (await isOpen(file)) return work(remote(file, ownAddress(file)))
  const { lessonsOf } = await import('./class-course.ts')
  const columns = { lessons: await lessonsOf(course, file.classInfo) }
  const { hub, close } = await openHub({ folder: home.log, file, columns, env: context.env })
  const done = context.cleanups.add(close)
  try {
    const overview = async () => hub.overview()
    return await work({ file, overview, send: (command) => hub.execute(command), export: () => hub.export() })
  } finally {
    await close()
    done()
  }
}

function remote(file: ClassFile, address: string): ClassClient {
  const to = { address, token: file.secret, timeoutMs: 30_000 }
  return {
    file,
    overview: () => request<Overview>(to, paths.overview),
    send: async (command) => void (await request<Done>(to, paths.command, command)),
    export: () => readExport(address, file.secret),
  }
}

/** The participant that the instructor means: by name, by the beginning of one, or by number (`#3`). Throws ClassError. */
export function whoIs<One extends Pick<ParticipantRow, 'label' | 'number'>>(
  asked: string,
  participants: readonly One[],
): One {
  const wanted = plainName(asked).toLowerCase()
  const number = /^#(\d+)$/.exec(wanted)?.[1]
  const named = (test: (label: string) => boolean) =>
    participants.filter(({ label }) => test(label.toLowerCase()))
  const [exact, beginning] = [named((label) => label === wanted), named((label) => label.startsWith(wanted))]
  const found =
    number !== undefined
      ? participants.filter((one) => one.number === Number(number))
      : exact.length > 0
        ? exact
        : beginning
  const [one, another] = found
  if (one === undefined) {
    const choice = participants.length === 0 ? '' : ` Choose from ${firstFew(participants)}.`
    throw new ClassError(`No learner is called "${asked}".${choice}`)
  }
  if (another === undefined) return one
  throw new ClassError(`"${asked}" could be ${firstFew(found)}.`)
}

function firstFew(participants: readonly Pick<ParticipantRow, 'label' | 'number'>[]): string {
  const names = participants.slice(0, 5).map(({ label, number }) => `${label} (#${number})`)
  return `${names.join(', ')}${participants.length > 5 ? ', …' : ''}`
}
