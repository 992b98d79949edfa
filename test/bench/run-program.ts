import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface RunOptions {
  readonly allowed?: readonly number[]
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a Node program to its end and discards its output. Rejects when its exit code isn't an allowed one. */
export async function runProgram(
  args: readonly string[],
  cwd: string,
  { allowed = [0], env = process.env }: RunOptions = {},
): Promise<void> {
  const child = spawn(process.execPath, [...args], { cwd, stdio: 'ignore', env })
  const [code] = await once(child, 'close')
  if (!allowed.includes(code)) throw new Error(`${args.join(' ')} ended with ${code}`)
}

/** A program that prints lines, and the code that waits for the next one. */
export interface LineProgram {
  readonly child: ChildProcess
  nextLine(): Promise<string>
  stop(): Promise<void>
}

export function lineProgram(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): LineProgram {
  const child = spawn(process.execPath, [...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'], env })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async nextLine() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${args.join(' ')} ended`)
      return value
    },
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
    },
  }
}
