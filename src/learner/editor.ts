import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { Exit } from '../common/exit.ts'

/** No editor could be opened; the message says what to do. */
export class EditorError extends Error {
  override readonly name = 'EditorError'
  readonly exitCode = Exit.machine
}

/**
 * The editor that the environment names, as words: `code --wait` is two. If none is named inside an editor's terminal
 * (VS Code or a relative), that editor is used.
 */
export function editorCommand(env: NodeJS.ProcessEnv): readonly string[] | undefined {
  const named = [env.VISUAL, env.EDITOR].find((value) => value !== undefined && value.trim() !== '')
  if (named !== undefined) return words(named)
  return env.TERM_PROGRAM === 'vscode' ? ['code'] : undefined
}

/**
 * Opens a file, at a line if there's one, and resolves when the editor exits; an editor with its own window exits at
 * once. Rejects with EditorError.
 */
export async function openInEditor(file: string, env: NodeJS.ProcessEnv, line?: number): Promise<void> {
  const [program, ...args] = editorCommand(env) ?? []
  if (program === undefined) {
    throw new EditorError(
      `No editor is configured. Set EDITOR (for example to nano or code), or open the file yourself: ${file}`,
    )
  }
  const place = line === undefined ? [file] : atLine(program, file, line)
  // On Windows `code` is a script, which only a shell can start, so the words are quoted by hand.
  const child =
    process.platform === 'win32'
      ? spawn([program, ...args, ...place].map((word) => `"${word}"`).join(' '), {
          stdio: 'inherit',
          shell: true,
          env,
        })
      : spawn(program, [...args, ...place], { stdio: 'inherit', env })
  const problem = await endOf(child)
  if (problem !== undefined) {
    throw new EditorError(
      `The editor "${program}" ${problem}. Set EDITOR to another one, or open the file yourself: ${file}`,
    )
  }
}

/** How this editor wants to be told the line; one that we don't know gets only the file. */
function atLine(program: string, file: string, line: number): readonly string[] {
  const name = path.basename(program).replace(/\.(exe|cmd)$/i, '')
  if (/^(code|code-insiders|codium|cursor|windsurf)$/.test(name)) return ['--goto', `${file}:${line}`]
  if (/^(subl|zed|hx|helix|atom)$/.test(name)) return [`${file}:${line}`]
  if (/^(vi|vim|nvim|gvim|nano|pico|emacs|emacsclient|micro|kak|joe|gedit)$/.test(name))
    return [`+${line}`, file]
  return [file]
}

function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'ENOENT' ? "isn't installed" : `can't be started (${error.code ?? error.message})`,
      ),
    )
    child.once('close', (code, signal) => {
      if (code === 0 || signal !== null) resolve(undefined)
      else resolve(`ended with code ${code}`)
    })
  })
}

/** Quotes hold words together, as in `"C:\Program Files\editor.exe" -w`. */
function words(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}
