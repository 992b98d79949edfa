import { UsageError } from '../../common/exit.ts'
import { defineCommand } from '../command.ts'
import { inBrowser, withValue } from '../flags.ts'
import { serveWorkbench } from '../workbench-here.ts'

/** `--origin <address>`: a forwarded port has an address that we can't know. */
const origin = withValue('address', 'also accept this address, for a forwarded port', (given, name) => {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin
  throw new UsageError(
    `--${name} takes an address without a path, such as https://name-4321.app.github.dev, not "${given}".`,
  )
})

export const command = defineCommand({
  flags: { origin, ...inBrowser },
  examples: [
    ['open', 'where you left off'],
    ['open 07', 'lesson 07'],
  ],
  run: (context, [named], flags) => serveWorkbench(context, named, flags),
})
