import { freemem, tmpdir, totalmem } from 'node:os'
import { whyNoPrompt } from '../../terminal/can-prompt.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import type { Finding } from '../doctor/finding.ts'
import { folderFindings } from '../doctor/folders.ts'
import { memoryFinding, nodeFinding, packagesFinding } from '../doctor/machine.ts'
import { redisFindings } from '../doctor/redis.ts'
import { tellFindings } from '../doctor/tell.ts'
import { terminalFindings } from '../doctor/terminal.ts'
import { packagesProblem } from '../first-aid.mjs'
import { flag, json } from '../flags.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    class: flag('before a class: also run a whole check, and check whether the class answers'),
    json,
  },
  examples: [
    ['doctor', 'each finding, and what to do about it'],
    ['doctor --class', 'the day before a class'],
  ],
  run: async (context, _args, flags) => {
    const { env, output, palette } = context
    const learner = await context.learner()
    const columns = output.isTTY ? output.stream.columns : undefined
    const findings: Finding[] = [
      nodeFinding(process.version),
      packagesFinding(packagesProblem(learner.course.root)),
      memoryFinding(memory()),
      ...(await redisFindings(env)),
      ...folderFindings(learner.home, tmpdir()),
      ...terminalFindings({ noPrompt: whyNoPrompt(context), columns, palette }, env),
    ]
    if (flags.class) findings.push(...(await forClass(context)))
    return tellFindings(context, findings, flags.json)
  },
})

/** The day before a class: does a whole check run, and does the class answer? */
async function forClass(context: Context): Promise<readonly Finding[]> {
  const learner = await context.learner()
  const { checkFinding, memberFindings } = await import('../doctor/class.ts')
  const [lesson] = learner.course.lessons
  const check = async (slug: string) => {
    const { passed, ms, diagnosis, tasks } = await withSession(context, learner, (session) =>
      session.check(slug, { kind: 'solution' }),
    )
    if (passed) return { ms }
    return {
      ms,
      problem: tasks.find(({ state }) => state === 'failed')?.diagnosis ?? diagnosis ?? 'no reason',
    }
  }
  const member = await memberFindings(learner.home.log)
  return lesson === undefined ? member : [await checkFinding(() => check(lesson.slug)), ...member]
}

/** From version 20, Node takes a container's limit into account, and distinguishes available memory from cached. */
function memory() {
  const limit = process.constrainedMemory()
  const available = process.availableMemory?.() ?? freemem()
  return { available, limit: limit > 0 && limit < totalmem() ? limit : totalmem() }
}
