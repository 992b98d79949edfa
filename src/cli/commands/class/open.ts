import { randomUUID } from 'node:crypto'
import { ClassError } from '../../../classroom/errors.ts'
import type { ClassFile } from '../../../classroom/host/class-file.ts'
import { type OpenClass, openClass } from '../../../classroom/host/open-class.ts'
import { newJoinCode, newSecret } from '../../../classroom/hub/secrets.ts'
import { plainName } from '../../../classroom/projections/names.ts'
import { hashOf } from '../../../common/hash.ts'
import { findTrack } from '../../../course/index.ts'
import { columnsOf } from '../../class-course.ts'
import { defineCommand, self } from '../../command.ts'
import type { Context } from '../../context.ts'
import { port, text, unless } from '../../flags.ts'
import { untilInterrupted } from '../../interrupt.ts'

export const command = defineCommand({
  flags: {
    name: text('name', 'what learners see'),
    track: text('name', 'the lessons of this track'),
    host: text('address', '0.0.0.0 for the whole network; default: only this machine'),
    port: port('the port to use'),
    open: unless("don't open the browser"),
  },
  examples: [
    ['class open --name Tuesday --host 0.0.0.0', 'for everyone in the room'],
    ['class open', 'to try it on your own'],
  ],
  run: async (context, _args, flags) => {
    const { course } = await context.learner()
    const track = flags.track !== undefined ? findTrack(course, flags.track).name : undefined
    const now = new Date()
    const day = now.toLocaleDateString('en-US', { day: 'numeric', month: 'long', year: 'numeric' })
    const name = flags.name !== undefined ? plainName(flags.name) : `Class of ${day}`
    if (name === '') throw new ClassError('--name needs visible characters.')
    const secret = newSecret()
    const file: ClassFile = {
      classInfo: {
        id: randomUUID(),
        name,
        openedAt: now.toISOString(),
        joinCode: newJoinCode(),
        key: newSecret(),
        secretHash: hashOf(secret),
        ...(track !== undefined && { track }),
      },
      secret,
      redis: (await context.preference()) ?? 'auto',
      host: flags.host ?? '127.0.0.1',
      port: flags.port ?? 0,
    }
    return holdClass(context, file, flags)
  },
})

/** Opens the class and keeps it open until Ctrl-C. */
export async function holdClass(
  context: Context,
  file: ClassFile,
  { open: isShown }: { readonly open: boolean },
): Promise<never> {
  const { course, home } = await context.learner()
  const { pagesOfClass } = await import('../../../web/class-pages.ts')
  const addPages = await pagesOfClass()
  const folder = home.log
  const columns = await columnsOf(course, file.classInfo)
  const onError = (error: Error) =>
    context.note(context.env.EVENTLINGS_DEBUG ? String(error.stack) : error.message)
  const overrideGlobalObjects = true // nothing else in this process needs the originals
  const options = { folder, file, columns, env: context.env, addPages, onError }
  const open = await openClass({ ...options, overrideGlobalObjects })
  context.cleanups.add(open.close)
  context.print(
    opened(open, open.isLoopback ? '' : await qrOf(open.addresses[0] ?? '', open.file.classInfo.joinCode)),
  )
  if (isShown) {
    const { openBrowser } = await import('../../../web/open-browser.ts')
    openBrowser(open.loggedIn(), context.env)
  }
  return await untilInterrupted()
}

/** The address with the join code as a QR code, in terminal characters. */
async function qrOf(address: string, joinCode: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  return `\n${renderUnicodeCompact(`${address}/#${joinCode}`)}\n`
}

/** What to tell the instructor about an open class. */
function opened(open: OpenClass, qr: string): string {
  const { file, own, addresses, redis } = open
  const { name, joinCode } = file.classInfo
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

Ctrl-C stops the hub. "${self} class resume" reopens the class, and "${self} class close" ends it.`
}
