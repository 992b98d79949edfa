import { serveLessons } from '../web/index.ts'
import { openBrowser } from '../web/open-browser.ts'
import type { Context } from './context.ts'
import type { InBrowser } from './flags.ts'
import { untilInterrupted } from './interrupt.ts'

/** Serves the lessons until Ctrl-C, and shows the page at `path`. */
export async function serve(context: Context, path: string, flags: InBrowser): Promise<never> {
  const learner = await context.learner()
  const server = await serveLessons({
    learner,
    port: flags.port ?? 0,
    preference: await context.preference(),
    mine: await context.mine(),
    onNotice: context.note,
  })
  context.cleanups.add(server.close)
  const address = `${server.origin}${path}`
  context.print(`${context.palette.paint(address, 'bold')}\n\nPress Ctrl-C to stop.`)
  if (flags.open) openBrowser(address, context.env)
  return await untilInterrupted()
}
