import { findClass } from '../../../classroom/host/class-file.ts'
import { Exit } from '../../../common/exit.ts'
import { defineCommand } from '../../command.ts'
import { port, text, unless, whichClass } from '../../flags.ts'
import { holdClass } from './open.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
    host: text('address', 'as with open; default: as before'),
    port: port('the port to use'),
    open: unless("don't open the browser"),
  },
  examples: [['class resume', 'the latest class, with the same code and secret']],
  run: async (context, _args, flags) => {
    const { home } = await context.learner()
    const file = findClass(home.log, flags.name)
    const host = flags.host ?? file.host
    const redis = (await context.preference()) ?? file.redis
    await holdClass(context, { ...file, host, redis, port: flags.port ?? file.port }, flags)
    return Exit.passed
  },
})
