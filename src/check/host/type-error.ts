import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder } from '../../common/cache-folder.ts'
import { ownFolder } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import type { CheckResult } from '../result.ts'

export interface TypeErrorOptions {
  /** The course's root. */
  readonly root: string
  /** The answer. */
  readonly file: string
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine?: string | undefined
  readonly signal?: AbortSignal
  /** Maximum wait for the warning (ms); default: 10 seconds. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
const MOST_CHARACTERS = 200
const DIAGNOSTIC = /^(?:(.+)\((\d+),\d+\): )?error TS\d+: (.+)$/gm

/**
 * One line about the first type error in an answer that has been checked. Undefined if there isn't one, and whenever
 * TypeScript can't run: nothing else depends on it, so that isn't an error.
 */
export async function typeWarning(
  result: CheckResult,
  options: TypeErrorOptions,
): Promise<string | undefined> {
  // If a file couldn't run, the verdict has already said what's wrong.
  if (result.tasks.every(({ state }) => state === 'not reached')) return undefined
  const error = await firstTypeError(options).catch(() => undefined)
  if (error === undefined) return undefined
  const shown = shownPath(options.file, ownFolder(options.root))
  return `TypeScript: ${shown}:${error.line}: ${error.message} (It doesn't affect the verdict.)`
}

interface TypeErrorAt {
  readonly line: number
  readonly message: string
}

async function firstTypeError({
  root,
  file,
  mine,
  signal,
  timeoutMs = TIMEOUT_MS,
}: TypeErrorOptions): Promise<TypeErrorAt | undefined> {
  const own = ownFolder(root)
  const require = createRequire(join(own, 'package.json'))
  const lib = join(dirname(require.resolve('typescript/package.json')), 'lib')
  // The compiler itself, not the script that starts it, which would be killed alone.
  const { default: compiler } = (await import(pathToFileURL(join(lib, 'getExePath.js')).href)) as {
    readonly default: () => string
  }
  const answer = realpathSync(file)
  const folder = join(cacheFolder(root), 'types')
  mkdirSync(folder, { recursive: true })
  const project = join(folder, `${randomUUID()}.json`)
  const modules = (require.resolve.paths('ioredis') ?? []).filter((path) => existsSync(path))
  // The answer may be far from the course, where it finds neither packages nor earlier lessons on its own.
  const compilerOptions = {
    paths: {
      '#built/*': [...(mine === undefined ? [] : [mine]), join(root, 'solutions')].map(
        (from) => `${from}/*.ts`,
      ),
      '*': modules.map((path) => `${path}/*`),
    },
    typeRoots: modules.map((path) => join(path, '@types')),
  }
  const settings = { extends: join(own, 'tsconfig.json'), compilerOptions, files: [answer], include: [] }
  writeFileSync(project, JSON.stringify(settings))
  try {
    const printed = await output(compiler(), ['--project', project, '--noEmit', '--pretty', 'false'], own, {
      timeout: timeoutMs,
      ...(signal && { signal }),
    })
    for (const [, path, line, message = ''] of printed.matchAll(DIAGNOSTIC)) {
      // An error without a file, or in these settings, isn't about the answer.
      if (path === undefined || path.endsWith(basename(project))) return undefined
      if (resolve(realpathSync(own), path) === answer)
        return { line: Number(line), message: cut(message.trim()) }
    }
    return undefined
  } finally {
    rmSync(project, { force: true })
  }
}

/** What a program prints, whatever its exit code; empty if it takes too long. It runs at low priority. */
function output(
  program: string,
  args: readonly string[],
  cwd: string,
  limits: { readonly timeout: number; readonly signal?: AbortSignal },
): Promise<string> {
  return new Promise((resolve) => {
    const ending = { ...limits, killSignal: 'SIGKILL', windowsHide: true } as const
    const child = execFile(program, args, { cwd, ...ending }, (error, stdout) =>
      resolve(error !== null && error.killed === true ? '' : stdout),
    )
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
    } catch {
      // It has already ended, or this system doesn't allow it.
    }
  })
}

function cut(message: string): string {
  return message.length <= MOST_CHARACTERS ? message : `${message.slice(0, MOST_CHARACTERS)} …`
}
