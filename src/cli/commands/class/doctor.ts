import { tmpdir } from 'node:os'
import { defineCommand } from '../../command.ts'
import { hubFindings } from '../../doctor/class.ts'
import { folderFindings } from '../../doctor/folders.ts'
import { nodeFinding } from '../../doctor/machine.ts'
import { redisFindings } from '../../doctor/redis.ts'
import { tellFindings } from '../../doctor/tell.ts'
import { json } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    json,
  },
  examples: [['class doctor', 'addresses, port, Redis']],
  run: async (context, _args, flags) => {
    const { home } = await context.learner()
    const findings = [
      nodeFinding(process.version),
      ...(await hubFindings(context.env)),
      ...(await redisFindings(context.env)),
      ...folderFindings(home, tmpdir()),
    ]
    return tellFindings(context, findings, flags.json)
  },
})
