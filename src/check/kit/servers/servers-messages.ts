/**
 * What a suite's process asks of the process that keeps its servers. `of` is the number in the reply to the start
 * request.
 */
export type Ask =
  | { readonly what: 'server'; readonly args: readonly string[]; readonly folder?: string }
  | { readonly what: 'cluster' }
  | { readonly what: 'crash' | 'pause' | 'restart' | 'stop'; readonly of: number }

export interface ServersReply {
  readonly of: number
  readonly urls: readonly string[]
  /** Where a server keeps its data; empty for a cluster. */
  readonly folder: string
}
