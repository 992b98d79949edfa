import { type Snippet, showsError } from '../course/index.ts'
import { splitCommand, UnclosedQuoteError } from './command-line.ts'
import { matchesOutput } from './match-output.ts'
import { whyNotSent } from './not-sent.ts'
import { printReply } from './print-reply.ts'
import { ConnectionLostError, type PlainConnection, plainConnection } from './resp.ts'
import { cut } from './run-script.ts'
import { runTypeScript } from './run-typescript.ts'
import { timeLimited } from './time-limit.ts'

/** One thing that ran: a command, or a whole piece of TypeScript. */
export interface Ran {
  readonly code: string
  readonly output: string
  /** What the lesson shows; undefined where it shows nothing. */
  readonly shown: string | undefined
  /** The output is what the lesson shows, and it failed or succeeded as the lesson says. */
  readonly asShown: boolean
}

export interface SnippetResult {
  readonly snippet: Snippet
  readonly ran: readonly Ran[]
  readonly asShown: boolean
  /** A command was answered with an error, or the code ended with one, or it was ended. */
  readonly failed: boolean
  /** Why it was ended, in a sentence. The playground can't be used after that. */
  readonly ended?: string | undefined
}

export interface RunSnippetOptions {
  /** For a snippet that the learner has edited: the administrative commands that it may send. It's guarded then. */
  readonly allow?: readonly string[] | undefined
  /** Stops it. */
  readonly signal?: AbortSignal | undefined
}

export interface Playground {
  run(snippet: Snippet, options?: RunSnippetOptions): Promise<SnippetResult>
  /** Also ends what's still running. */
  close(): void
}

export interface PlaygroundOptions {
  readonly root: string
  readonly url: string
  readonly mine?: string | undefined
  /** Default: 20. */
  readonly seconds?: number | undefined
}

/** Runs the snippets of one lesson, one after the other, on one database. The caller provides an empty one. */
export async function openPlayground(options: PlaygroundOptions): Promise<Playground> {
  const connection = await plainConnection(options.url)
  const closing = new AbortController()
  return {
    async run(snippet, { allow, signal } = {}) {
      const either = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal])
      const limit = timeLimited(either, options.seconds)
      const settings = { ...options, allow, signal: limit.signal }
      try {
        return snippet.kind === 'redis'
          ? await runCommands(snippet, connection, settings)
          : await runCode(snippet, settings)
      } finally {
        limit.end()
      }
    },
    close() {
      closing.abort()
      connection.close()
    },
  }
}

interface Settings extends PlaygroundOptions {
  readonly allow: readonly string[] | undefined
  readonly signal: AbortSignal
}

async function runCommands(
  snippet: Extract<Snippet, { kind: 'redis' }>,
  connection: PlainConnection,
  { allow, signal }: Settings,
): Promise<SnippetResult> {
  const ran: Ran[] = []
  // A command that blocks is given up along with its connection.
  const giveUp = () => connection.close()
  signal.addEventListener('abort', giveUp)
  try {
    for (const { command, reply } of snippet.commands) {
      if (signal.aborted) break
      const output = await outputOf(command, connection, allow).catch((error: unknown) => {
        if (signal.aborted && error instanceof ConnectionLostError) return ''
        throw error
      })
      ran.push({ code: command, output: cut(output), shown: reply, asShown: matchesOutput(reply, output) })
    }
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  const failed = signal.aborted || ran.some(({ output }) => showsError(output))
  // A command block that doesn't announce a failure must not fail, even if it shows the error.
  const asShown = failed === snippet.fails && ran.every((one) => one.asShown)
  return { snippet, ran, asShown, failed, ...(signal.aborted && { ended: String(signal.reason) }) }
}

/** The reply as redis-cli prints it. Of the commands that a learner writes (`allow`), not all are sent. */
async function outputOf(
  command: string,
  connection: PlainConnection,
  allow: readonly string[] | undefined,
): Promise<string> {
  if (allow === undefined) return printReply(await connection.send(splitCommand(command)))
  try {
    const args = splitCommand(command)
    const why = whyNotSent(args, allow)
    return why === undefined ? printReply(await connection.send(args)) : `(error) ${why}`
  } catch (error) {
    if (error instanceof UnclosedQuoteError) return `(error) ${error.message}`
    throw error
  }
}

async function runCode(
  snippet: Extract<Snippet, { kind: 'ts' }>,
  settings: Settings,
): Promise<SnippetResult> {
  const { output, failed, ended } = await runTypeScript(snippet.code, settings)
  const right = snippet.output === undefined || matchesOutput(snippet.output, output)
  const asShown = right && failed === snippet.fails && ended === undefined
  const ran = { code: snippet.code, output, shown: snippet.output, asShown }
  return { snippet, ran: [ran], asShown, failed, ended }
}
