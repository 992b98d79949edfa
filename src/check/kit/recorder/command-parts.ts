import { Redis } from 'ioredis'

/** A command as ioredis has it. */
export type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

/** Where the command was issued. */
export function origin(): { readonly stack?: string | undefined } {
  const place = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  Error.captureStackTrace(place, Redis.prototype.sendCommand)
  Error.stackTraceLimit = limit
  return place
}

export function textOf(command: Command): string[] {
  return command.args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString('utf8') : String(arg)))
}

export function decoded(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('utf8')
  return Array.isArray(reply) ? reply.map(decoded) : reply
}

/** ioredis passes all commands of a pipeline the same stream, which collects them. */
export function pipelineOf(stream: unknown): object | undefined {
  return typeof stream === 'object' && stream !== null && 'isPipeline' in stream ? stream : undefined
}
