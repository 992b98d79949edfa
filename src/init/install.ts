import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

/** A program and its arguments. */
export interface InstallCommand {
  readonly program: string
  readonly args: readonly string[]
}

export type PackageManager = 'npm' | 'pnpm'

/** The one that started this program. Others that understand package.json leave the work to npm. */
export function managerOf(env: NodeJS.ProcessEnv): PackageManager {
  return env.npm_config_user_agent?.startsWith('pnpm/') ? 'pnpm' : 'npm'
}

/** Installs `course` and everything else that package.json names. */
export function installCommand(
  course: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): InstallCommand {
  const manager = managerOf(env)
  // For a tarball that's already in package.json, `pnpm add` warns that it replaces it with itself.
  const byPnpm = course.startsWith('eventlings@') ? ['add', course] : ['install']
  const words = manager === 'pnpm' ? byPnpm : ['install', course, '--no-audit', '--no-fund']
  const own = fileOf(manager, env)
  // Without a shell: a folder may have any name, and on Windows npm itself is a shell script.
  if (own === undefined) return onPath(manager, words, platform)
  // Since version 12, pnpm is a program of its own.
  return isScript(own) ? { program: process.execPath, args: [own, ...words] } : { program: own, args: words }
}

/** The package manager's own file: the one that started us or, for npm, the one that comes with Node. */
function fileOf(manager: PackageManager, env: NodeJS.ProcessEnv): string | undefined {
  const started = env.npm_execpath
  const candidates = [
    ...(started === undefined ? [] : [started.replace(/npx-cli\.js$/, 'npm-cli.js')]),
    ...(manager === 'npm' ? besideNode() : []),
  ]
  const named = new RegExp(`[\\\\/]${manager}(-cli)?(\\.[cm]?js|\\.exe)?$`)
  return candidates.find((file) => named.test(file) && existsSync(file))
}

/** On Windows, what's on the PATH is a batch file. Node starts those with a shell only. */
function onPath(program: string, args: readonly string[], platform: NodeJS.Platform): InstallCommand {
  return platform === 'win32'
    ? { program: 'cmd.exe', args: ['/d', '/s', '/c', program, ...args] }
    : { program, args }
}

function isScript(file: string): boolean {
  return /\.[cm]?js$/.test(file)
}

function besideNode(): readonly string[] {
  const folder = path.dirname(process.execPath)
  const npm = path.join('node_modules', 'npm', 'bin', 'npm-cli.js')
  return [path.join(folder, npm), path.join(folder, '..', 'lib', npm)]
}

/** What npx says about itself must not reach the npm that we start. */
const OF_NPX = /^npm_(config_(package|call|local_prefix|yes)|command|lifecycle_.*|package_.*)$/i

/** Runs the command in this folder, on this terminal. Resolves with whether it succeeded. */
export function runHere(
  { program, args }: InstallCommand,
  cwd: string,
  env: NodeJS.ProcessEnv,
): { readonly child: ChildProcess; readonly succeeded: Promise<boolean> } {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_NPX.test(name)))
  const child = spawn(program, args, { cwd, env: own, stdio: 'inherit' })
  const succeeded = new Promise<boolean>((resolve) => {
    child.once('error', ({ message }) => {
      process.stderr.write(`${program} couldn't be started: ${message}\n`)
      resolve(false)
    })
    child.once('close', (code) => resolve(code === 0))
  })
  return { child, succeeded }
}
