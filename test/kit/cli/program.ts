import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  /** In addition to what every program needs, and instead of the tests' own. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export const programFile = path.join(projectRoot(), 'src', 'cli', 'eventlings.mjs')

/** A folder for workspace/ and .eventlings/ that is deleted after the test. */
export async function newHome(): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), 'eventlings-home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 10 }))
  return home
}

/** Starts the real program, without a terminal. */
export function startProgram(
  args: readonly string[],
  { env = {}, cwd = projectRoot() }: ProgramOptions = {},
): ChildProcess {
  const child = spawn(process.execPath, [programFile, ...args], { cwd, env: { ...plainEnv(), ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return ended(startProgram(args, options))
}

/** The program with its own home and the Redis that every machine has. */
export function programAt(home: string) {
  const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
  return (...args: readonly string[]) => runProgram(args, { env })
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

/** What a program needs to run, without the settings of the person who runs the tests. */
export function plainEnv(): NodeJS.ProcessEnv {
  const names = ['PATH', 'Path', 'PATHEXT', 'SystemRoot', 'HOME', 'USERPROFILE', 'TMPDIR', 'TEMP', 'TMP']
  return Object.fromEntries(names.map((name) => [name, process.env[name]]))
}
