import { existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Exit } from '../common/exit.ts'
import { type NewLesson, newLesson } from './new-lesson.ts'

/** A course can't be created in this folder; nothing was written. */
export class NotEmptyError extends Error {
  override readonly name = 'NotEmptyError'
  readonly exitCode = Exit.wrongUse

  constructor(folder: string) {
    super(`${folder} isn't an empty folder. Choose another name, or move what's in it.`)
  }
}

/**
 * Creates a course with a single lesson in a new or empty folder. `program` is the folder of the eventlings that will
 * run it: an editor finds the types there. Throws NotEmptyError.
 */
export async function newCourse(folder: string, program: string): Promise<NewLesson> {
  if (existsSync(folder) && !isEmptyFolder(folder)) throw new NotEmptyError(folder)
  await mkdir(folder, { recursive: true })
  for (const [name, text] of courseFiles(path.basename(folder), path.relative(folder, program))) {
    await writeFile(path.join(folder, name), text, { flag: 'wx' })
  }
  const empty = { root: folder, lessons: [] }
  return newLesson(empty, 'first-steps', { chapter: 'Beginning' })
}

function isEmptyFolder(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0
  } catch {
    return false // a file
  }
}

function courseFiles(name: string, program: string): readonly (readonly [string, string])[] {
  const toProgram = program.split(path.sep).join('/')
  return [
    ['package.json', json(manifest())],
    ['tsconfig.json', json(settings(toProgram))],
    ['.gitignore', '/workspace/\n.eventlings/\nnode_modules/\n'],
    ['README.md', readme(name)],
  ]
}

/** What an answer may import is what this lists, and it's found in the program's packages. */
function manifest() {
  return {
    private: true,
    type: 'module',
    imports: {
      '#lesson/*': { solution: './solutions/*.ts', starter: './exercises/*.ts', default: './workspace/*.ts' },
      '#built/*': { mine: './workspace/*.ts', default: './solutions/*.ts' },
    },
    dependencies: { ioredis: '*' },
  }
}

function settings(program: string) {
  return {
    extends: `${program}/tsconfig.json`,
    compilerOptions: {
      typeRoots: [`${program}/node_modules/@types`],
      paths: {
        '#kit': [`${program}/src/check/kit/index.ts`],
        ioredis: [`${program}/node_modules/ioredis`],
        vitest: [`${program}/node_modules/vitest`],
      },
    },
    include: ['test', 'solutions', 'exercises', 'workspace'],
  }
}

function readme(name: string): string {
  return `# ${name}

A course that eventlings runs. In the folder of eventlings:

    export EVENTLINGS_COURSE=/path/to/${name}
    npx eventlings                 the guided walkthrough
    npx eventlings dev check       what is missing in the lessons
    npx eventlings dev new NAME    the files of another lesson

\`--course FOLDER\` does the same for one command. Answers and progress are in \`workspace/\` and \`.eventlings/\` of this folder.
`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
