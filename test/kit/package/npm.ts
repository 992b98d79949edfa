import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { type Ended, ended, plainEnv } from '../cli/program.ts'

/** A shell in which nothing but Node and npm is installed. */
export interface BareShell {
  /** Runs `npm` or `npx` in this folder. */
  run(program: 'npm' | 'npx', words: readonly string[], cwd: string): Promise<Ended>
}

/** `folder` is for its programs. */
export async function bareShell(folder: string): Promise<BareShell> {
  const bin = path.join(folder, 'bin')
  await mkdir(bin)
  await symlink(process.execPath, path.join(bin, 'node'))
  // npm starts the programs of packages with a shell.
  await symlink('/bin/sh', path.join(bin, 'sh'))
  const env = {
    ...plainEnv(),
    PATH: bin,
    EVENTLINGS_REDIS: 'embedded',
    // What another run has downloaded is good enough.
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  }
  return {
    run(program, words, cwd) {
      const script = path.join(npmFolder(), 'bin', `${program}-cli.js`)
      return ended(execFile(process.execPath, [script, ...words], { cwd, env, maxBuffer: 10_000_000 }))
    },
  }
}

/** Why npm can't install anything here; undefined if it can. */
export async function whyNoRegistry(shell: BareShell, cwd: string): Promise<string | undefined> {
  if (process.platform === 'win32') return "the test's bare shell needs links to programs"
  const { code } = await shell.run('npm', ['ping', '--fetch-timeout=10000', '--fetch-retries=0'], cwd)
  return code === 0 ? undefined : "npm's registry doesn't answer"
}

/** npm comes with Node. */
function npmFolder(): string {
  const started = process.env.npm_execpath
  const beside = path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm')
  if (existsSync(beside) || started === undefined) return beside
  return path.dirname(path.dirname(started))
}
