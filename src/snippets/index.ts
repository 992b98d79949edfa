/** The snippets of the lessons, run on the sandbox, and a console on it. */
export { splitCommand, UnclosedQuoteError } from './command-line.ts'
export { textOf as editableText } from './edited.ts'
export { matchesOutput } from './match-output.ts'
export { printReply } from './print-reply.ts'
export { renderResult } from './render-snippet.ts'
export { ConnectionLostError, type PlainConnection, plainConnection, type Reply } from './resp.ts'
export {
  openPlayground,
  type Playground,
  type PlaygroundOptions,
  type Ran,
  type SnippetResult,
} from './run-snippet.ts'
export {
  EarlierSnippetError,
  type Edits,
  emptySandbox,
  openSnippetRunner,
  type RunOptions,
  type SnippetRunner,
  type SnippetRunnerOptions,
} from './snippet-runner.ts'
