import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { projectRoot } from '../../src/common/own-folder.ts'

/** A program in a real terminal. */
export interface Terminal {
  /** Types keys as tmux names them: `q`, `Enter`, `C-c`. */
  press(...keys: readonly string[]): void
  /** Pastes text, which a program may ask tmux to mark as such. */
  paste(text: string): void
  resize(columns: number, rows: number): void
  /** Waits until the screen matches, and returns it without trailing spaces. Rejects with the last screen after a minute. */
  until(pattern: RegExp): Promise<string>
  close(): void
}

export interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
}

const LOOK_MS = 50
const TIMEOUT_MS = 60_000

/**
 * Starts a shell command in tmux, on its own server, in the project's folder. The shell prints `[ended N]` when it
 * ends.
 */
export function openTerminal(command: string, options: TerminalOptions = {}): Terminal {
  const { columns = 80, rows = 50, env = {} } = options
  const socket = `eventlings-${randomUUID().slice(0, 8)}`
  const tmux = (...args: readonly string[]) =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', stdio: 'pipe' })
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
  // `[ended N]` comes last, so what a test types then appears right above what `cat` makes of it.
  const line = `env ${settings.join(' ')} sh -c '${command}'; code=$?; stty -a | head -1; echo "[ended $code]"; cat`
  tmux('-u', 'new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', projectRoot(), line)
  const screen = watchScreen(socket)
  return {
    press: (...keys) => void tmux('send-keys', ...keys),
    paste(text) {
      tmux('set-buffer', text)
      tmux('paste-buffer', '-p')
    },
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    async until(pattern) {
      const started = Date.now()
      for (;;) {
        const now = await screen.look()
        if (pattern.test(now)) return now
        if (Date.now() - started > TIMEOUT_MS) throw new Error(`${pattern} never came. The screen:\n${now}`)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    },
    close() {
      screen.end()
      try {
        tmux('kill-server')
      } catch {
        // it has already ended
      }
    },
  }
}

/**
 * `look` resolves to what is on the screen. A client in tmux's control mode stays connected for that: with a program
 * started for each look, a test that waits would use a third of a processor.
 */
function watchScreen(socket: string) {
  const client = spawn('tmux', ['-L', socket, '-u', '-C', 'attach-session', '-f', 'ignore-size,no-output'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  client.stdin.on('error', () => {}) // it has ended, which `gone` reports
  const gone = once(client, 'close').then(() => Promise.reject(new Error('tmux has ended.')))
  gone.catch(() => {})
  let answer = (_screen: string) => {}
  let reply: string | undefined
  let screen = ''
  // A reply is between `%begin` and `%end`, both with its time, its number, and flags: 1 for a command of this client.
  createInterface({ input: client.stdout }).on('line', (line) => {
    if (reply === undefined) reply = /^%begin (\d+ \d+ 1)$/.exec(line)?.[1]
    else if (line === `%end ${reply}` || line === `%error ${reply}`) {
      answer(screen)
      reply = undefined
      screen = ''
    } else screen += `${line.replace(/[ \t]+$/, '')}\n`
  })
  return {
    look(): Promise<string> {
      const shown = new Promise<string>((resolve) => {
        answer = resolve
      })
      client.stdin.write('capture-pane -p\n')
      return Promise.race([shown, gone])
    },
    /** The server waits for its clients to end, and this one waits for its reader, which may be gone by then. */
    end(): void {
      client.kill('SIGKILL')
    },
  }
}
