import { type ChildProcess, spawn } from 'node:child_process'
import { helperEnv, helperFile } from './plain-node.ts'

/** Where a container engine listens: options of `http.request`, or of `https.request` if `secure`. */
export interface EngineAddress {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number
  readonly secure?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** What must not outlive this process. */
export type Guarded =
  | { readonly kind: 'process'; readonly pid: number }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'containers'; readonly engine: EngineAddress; readonly label: string }

let guardian: ChildProcess | undefined
let nextId = 1
const guarded = new Map<number, Guarded>()

/**
 * From now on this ends with this process, even if the process is killed. Returns the function that cancels that, for
 * something that has ended normally. The guardian is a child process that starts with the first call; nothing waits
 * for it, because what is written to its pipe stays there until it has read it, whether we live or not.
 */
export function guard(what: Guarded): () => void {
  const id = nextId++
  guarded.set(id, what)
  if (guardian === undefined) guardian = startGuardian()
  else tell(guardian, id, what)
  return () => {
    if (guarded.delete(id) && guardian !== undefined) tell(guardian, id, null)
  }
}

function startGuardian(): ChildProcess {
  const child = spawn(process.execPath, [helperFile('guardian.mjs')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C and a closing terminal reach our process group, and it must outlive us
    env: helperEnv(),
    windowsHide: true,
  })
  const forget = () => {
    if (guardian === child) guardian = undefined // the next call starts another one, which is told everything
  }
  child.once('error', forget)
  child.once('exit', forget)
  child.stdin.on('error', forget)
  for (const [id, what] of guarded) tell(child, id, what)
  child.unref()
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  return child
}

function tell(child: ChildProcess, id: number, what: Guarded | null): void {
  child.stdin?.write(`${JSON.stringify({ id, what })}\n`)
}
