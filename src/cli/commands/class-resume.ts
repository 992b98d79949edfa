import { findClass } from '../../classroom/host/class-file.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'
import { portOf } from '../port-flag.ts'
import { holdClass } from './class-open.ts'

export const run: Run = async (context, _args, flags) => {
  const { home } = await context.desk()
  const file = findClass(home.log, typeof flags.name === 'string' ? flags.name : undefined)
  const host = typeof flags.host === 'string' ? flags.host : file.host
  const redis = (await context.preference()) ?? file.redis
  await holdClass(context, { ...file, host, redis, port: portOf(flags.port) ?? file.port }, flags)
  return Exit.passed
}
