import { type Snippet, showsError } from '../course/index.ts'
import { splitCommand } from './command-line.ts'
import { matchesOutput } from './match-output.ts'
import { printReply } from './print-reply.ts'
import { type PlainConnection, plainConnection } from './resp.ts'
import { runTypeScript, type TypeScriptOptions } from './run-typescript.ts'

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
}

export interface Playground {
  run(snippet: Snippet): Promise<SnippetResult>
  /** Also ends what's still running. */
  close(): void
}

export interface PlaygroundOptions {
  readonly root: string
  readonly url: string
  readonly mine?: string | undefined
}

/** Runs the snippets of one lesson, one after the other, on one database. The caller provides an empty one. */
export async function openPlayground(options: PlaygroundOptions): Promise<Playground> {
  const connection = await plainConnection(options.url)
  const end = new AbortController()
  const settings = { ...options, signal: end.signal }
  return {
    async run(snippet) {
      const ran =
        snippet.kind === 'redis' ? await runCommands(snippet, connection) : [await runCode(snippet, settings)]
      const failed = snippet.kind === 'ts' || ran.some(({ output }) => showsError(output))
      // A command block that doesn't announce a failure must not fail, even if it shows the error.
      const honest = snippet.kind === 'ts' || failed === snippet.fails
      return { snippet, ran, asShown: honest && ran.every((one) => one.asShown) }
    },
    close() {
      end.abort()
      connection.close()
    },
  }
}

async function runCommands(
  snippet: Extract<Snippet, { kind: 'redis' }>,
  connection: PlainConnection,
): Promise<readonly Ran[]> {
  const ran: Ran[] = []
  for (const { command, reply } of snippet.commands) {
    const output = printReply(await connection.send(splitCommand(command)))
    ran.push({ code: command, output, shown: reply, asShown: matchesOutput(reply, output) })
  }
  return ran
}

async function runCode(snippet: Extract<Snippet, { kind: 'ts' }>, options: TypeScriptOptions): Promise<Ran> {
  const { output, failed } = await runTypeScript(snippet.code, options)
  const right = snippet.output === undefined || matchesOutput(snippet.output, output)
  return { code: snippet.code, output, shown: snippet.output, asShown: right && failed === snippet.fails }
}
