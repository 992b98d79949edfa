import { type Done, type LeadCommand, type Overview, paths } from '../classroom/api.ts'
import { type ClassFile, findClass } from '../classroom/host/class-file.ts'
import { isOpen, type OpenClass, openHub, ownAddress } from '../classroom/host/open-class.ts'
import { talk } from '../classroom/member/talk.ts'
import { type ExportPart, readExport } from '../classroom/read-export.ts'
import { lessonsOf } from './class-course.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'

/** A class of this machine, as its instructor's commands use it. */
export interface ClassHere {
  readonly file: ClassFile
  overview(): Promise<Overview>
  lead(command: LeadCommand): Promise<void>
  export(): AsyncIterable<ExportPart>
}

/** Works with the class in question: with its running hub, or with one that is opened for the moment. */
export async function withClass<T>(
  context: Context,
  { name }: { readonly name: string | undefined },
  work: (here: ClassHere) => Promise<T>,
): Promise<T> {
  const { course, home } = await context.desk()
  const file = findClass(home.log, name)
  if (await isOpen(file)) return work(remote(file))
  const columns = { lessons: await lessonsOf(course, file.about) }
  const { hub, close } = await openHub({ folder: home.log, file, columns, env: context.env })
  const done = context.cleanups.add(close)
  try {
    const overview = async () => hub.overview()
    return await work({ file, overview, lead: (command) => hub.lead(command), export: () => hub.export() })
  } finally {
    await close()
    done()
  }
}

function remote(file: ClassFile): ClassHere {
  const address = ownAddress(file)
  const to = { address, token: file.secret, patience: 30_000 }
  return {
    file,
    overview: () => talk<Overview>(to, paths.overview),
    lead: async (command) => void (await talk<Done>(to, paths.lead, command)),
    export: () => readExport(address, file.secret),
  }
}

/** What to tell the instructor about an open class. */
export function opened(open: OpenClass, qr: string): string {
  const { file, own, addresses, redis } = open
  const { name, joinCode } = file.about
  const [first = own, ...others] = addresses
  const reach = open.isLoopback
    ? `Only this machine can reach it. For a room: ${self} class resume --host 0.0.0.0`
    : `Everyone on this network can reach ${first}${others.length > 0 ? ` (or ${others.join(', ')})` : ''}. The connection isn't encrypted, so use a network that you trust.`
  return `"${name}" is open.

  Learners:  ${self} class join ${first} --code ${joinCode} --as NAME
  You:       ${own}/instructor   (the secret that it asks for: ${self} class secret)
${qr}
${reach}
${redis.description}

Ctrl-C ends the hub; "${self} class resume" reopens the class, "${self} class close" ends it.`
}
