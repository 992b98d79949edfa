import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Exit, UsageError } from '../../common/exit.ts'
import { isPackaged, learnersFolder, projectRoot } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import {
  COMPANIONS,
  type Companion,
  courseSource,
  createFolder,
  type InstallCommand,
  installCommand,
  learnersFiles,
  managerOf,
  runHere,
} from '../../init/index.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { askText } from '../ask.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { yes } from '../flags.ts'

const USUAL_NAME = 'my-eventlings'

export const command = defineCommand({
  flags: {
    yes,
  },
  examples: [
    ['init my-eventlings', 'then opens the walkthrough'],
    ['init my-eventlings --yes', 'only creates it'],
  ],
  run: async (context, [named], flags) => {
    if (!isPackaged) throw new UsageError('This is a clone, so everything is here already. Run: npm start')
    const quiet = flags.yes
    const folder = path.resolve(named ?? (quiet ? USUAL_NAME : await askName(context)))
    const root = projectRoot()
    const { version, versions } = await ownManifest(root)
    const source = courseSource(root, version, context.env.PATH ?? context.env.Path ?? '')
    const name = path.basename(folder)
    const manager = managerOf(context.env)
    await createFolder(folder, learnersFiles({ name, course: source.range, manager, versions }))
    const shown = shownPath(folder)
    context.note(`Installing the course in ${shown}, which can take a minute …`)
    const install = installCommand(source.argument, context.env)
    if (!(await runUntilEnd(context, install, folder))) {
      context.note(
        `The packages couldn't be installed; the reason is above. When it's fixed, run this again: ${self} init ${quoted(named ?? name)}`,
      )
      return Exit.machine
    }
    if (quiet || !context.canAsk) {
      context.print(`\nYour folder is ready:\n\n  ${cd(folder)}npm start`)
      return Exit.passed
    }
    const program = path.join(folder, 'node_modules', 'eventlings', 'src', 'cli', 'eventlings.mjs')
    await runUntilEnd(context, { program: process.execPath, args: [program] }, folder)
    context.print(`\nTo continue later:\n\n  ${cd(folder)}npm start`)
    return Exit.passed
  },
})

async function askName(context: Context): Promise<string> {
  assertCanPrompt(context, {
    reason: 'The course needs a folder for your answers.',
    hints: [`${self} init ${USUAL_NAME}`],
  })
  context.print('eventlings: small exercises that teach event sourcing on Redis.\n')
  return (await askText(context, 'A folder for your answers:', USUAL_NAME, USUAL_NAME)).trim()
}

/** Lends the terminal to another program, which Ctrl-C ends, too. */
async function runUntilEnd(
  { cleanups, env }: Context,
  command: InstallCommand,
  folder: string,
): Promise<boolean> {
  const { child, succeeded } = runHere(command, folder, env)
  const done = cleanups.add(async () => {
    child.kill()
    await succeeded
  })
  const result = await cleanups.unlessEnding(succeeded)
  done()
  return result
}

function cd(folder: string): string {
  const there = path.relative(process.cwd(), folder)
  return there === '' ? '' : `cd ${quoted(there)}\n  `
}

function quoted(word: string): string {
  return /^[\w./\\:-]+$/.test(word) ? word : `"${word}"`
}

/** The learner's packages have the versions that the course itself was developed with. */
async function ownManifest(root: string): Promise<{
  readonly version: string
  readonly versions: Readonly<Record<Companion, string>>
}> {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  const all = { ...manifest.devDependencies, ...manifest.dependencies }
  const versions = Object.fromEntries(COMPANIONS.map((name) => [name, String(all[name])]))
  return { version: manifest.version, versions: versions as Record<Companion, string> }
}

/** Whether the program has nothing to work with yet. */
export function isNowhere(env: NodeJS.ProcessEnv): boolean {
  return isPackaged && !env.EVENTLINGS_HOME && learnersFolder(process.cwd()) === undefined
}
