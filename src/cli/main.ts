import { homedir } from 'node:os'
import { Exit, type ExitCode } from '../common/exit.ts'
import { projectRoot } from '../common/own-folder.ts'
import { releaseKeys } from '../terminal/hold-keys.ts'
import { knowsUnicode } from '../terminal/palette.ts'
import { sentenceFor } from '../terminal/sentences.ts'
import { tellClass } from './class-notices.ts'
import { type Context, newContext, type World } from './context.ts'
import { endingOf } from './ending.ts'
import { packagesProblem } from './first-aid.mjs'
import { endInGoodOrder } from './interrupt.ts'
import { outputOn } from './output.ts'
import { readCommandLine } from './program.ts'

/** Runs the program on the words of this process's command line, and ends the process. */
export async function main(): Promise<void> {
  giveHome(process.env)
  const unicode = knowsUnicode(process.env)
  const world: World = {
    env: process.env,
    input: process.stdin,
    output: outputOn(process.stdout, unicode),
    errors: outputOn(process.stderr, unicode),
  }
  const code = await run(process.argv.slice(2), world)
  await Promise.all([world.output.flush(), world.errors.flush()])
  // By force: a helper process or a socket that's still open must not hold up the prompt.
  process.exit(code)
}

/** A container's user may be a number without a name. Then Node throws where a library asks for the home folder. */
function giveHome(env: NodeJS.ProcessEnv): void {
  try {
    homedir()
  } catch {
    env.HOME = '/'
  }
}

async function run(words: readonly string[], world: World): Promise<ExitCode> {
  let context: Context | undefined
  try {
    const call = await readCommandLine(words, world.output, await version())
    if (call === undefined) return Exit.passed
    context = newContext(world, call.globals)
    endInGoodOrder(context.cleanups)
    const { cleanups } = context
    process.on('uncaughtException', (error) => {
      // Errors that nothing handled, including unhandled rejections. They end the program, but cleanly and with a
      // sentence.
      const code = tell(error, world)
      void cleanups.end().then(() => process.exit(code))
    })
    context.cleanups.add(() => restoreTerminal(world))
    const { openedLearner } = context
    // Notices go unread after a signal, but the disk may have room again.
    context.cleanups.add(async () => (await openedLearner())?.progress.settle())
    // For inquirer and other libraries that look only at the environment.
    if (!call.globals.color) world.env.NO_COLOR = '1'
    await context.preference() // an unknown source of Redis is wrong whatever the command
    const code = await cleanups.unlessEnding(call.command.run(context, call.args, call.given))
    await tellNotices(context)
    await tellClass(context)
    return code
  } catch (error) {
    return tell(error, world)
  } finally {
    await context?.cleanups.run()
  }
}

function tell(error: unknown, { env, errors }: World): ExitCode {
  const { code, sentence } = endingOf(error, () => packagesProblem(projectRoot()))
  if (sentence !== '') errors.write(`${sentenceFor(errors, sentence)}\n`)
  if (env.EVENTLINGS_DEBUG && error instanceof Error) errors.write(`${error.stack}\n`)
  return code
}

/** A program that ends in the middle of a menu leaves keys and cursor as it found them. */
function restoreTerminal({ input, output }: World): void {
  if (input.isTTY !== true || !input.isRaw) return
  releaseKeys(input)
  input.setRawMode(false)
  output.write('\x1b[?25h')
}

/** Notices about the progress log, shown after the requested output and never in the middle of it. */
async function tellNotices(context: Context): Promise<void> {
  const learner = await context.openedLearner()
  await learner?.progress.settle()
  for (const notice of learner?.progress.notices ?? []) context.note(notice)
}

/** Reading it on demand would be simpler, but commander needs it beforehand, and it's one small file. */
async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : ''
}
