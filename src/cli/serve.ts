import { serveLessons } from '../web/index.ts'
import { openBrowser } from '../web/open-browser.ts'
import type { Flags } from './command.ts'
import type { Context } from './context.ts'
import { UsageError } from './errors.ts'

/** Serves the lessons until Ctrl-C, and shows the page at `path`. */
export async function serve(context: Context, path: string, flags: Flags): Promise<never> {
  const desk = await context.desk()
  const port = portOf(flags.port)
  const server = await serveLessons({
    desk,
    ...(port !== undefined && { port }),
    preference: await context.preference(),
    mine: context.mine,
    onNotice: context.note,
  })
  context.cleanups.add(server.close)
  const address = `${server.origin}${path}`
  context.print(`${context.palette.paint(address, 'bold')}\n\nCtrl-C ends it.`)
  if (flags.open !== false) openBrowser(address, context.env)
  // For ever, which is until Ctrl-C.
  return new Promise<never>(() => {})
}

function portOf(value: Flags[string]): number | undefined {
  if (value === undefined) return undefined
  const port = Number(value)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new UsageError(`--port takes a number from 1 to 65535; "${String(value)}" is none.`)
}
