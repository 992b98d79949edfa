import { Turns } from '../common/turns.ts'
import { ConnectionLostError, type PlainConnection, plainConnection, type Reply } from '../snippets/resp.ts'

/** A connection whose blocking command can be given up; the connection is then reopened. */
export interface RedisLine {
  send(args: readonly string[]): Promise<Reply | 'given up'>
  readonly isInTransaction: boolean
  giveUp(): void
  close(): void
}

/** Sends one command after the other. Rejects with ConnectionLostError. */
export async function openLine(url: string): Promise<RedisLine & PlainConnection> {
  let connection = await plainConnection(url)
  const turns = new Turns()
  let isBusy = false
  let isGivenUp = false
  let isInTransaction = false

  async function send(args: readonly string[]): Promise<Reply | 'given up'> {
    isBusy = true
    try {
      const reply = await connection.send(args)
      const name = args[0]?.toUpperCase() ?? ''
      if (name === 'MULTI' && reply.kind === 'status') isInTransaction = true
      if (['EXEC', 'DISCARD', 'RESET'].includes(name)) isInTransaction = false
      return reply
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error
      // Given up here, ended by CLIENT KILL, or the server is gone: the new connection shows which.
      connection = await plainConnection(url)
      await connection.send(['PING'])
      isInTransaction = false
      if (!isGivenUp)
        return { kind: 'error', text: 'The server closed the connection. It has been reopened.' }
      return 'given up'
    } finally {
      isBusy = false
      isGivenUp = false
    }
  }

  return {
    // Only `giveUp` causes the other answer, and nothing calls it on a line that's used for plain queries.
    send: (args) => turns.take(() => send(args)) as Promise<Reply>,
    get isInTransaction() {
      return isInTransaction
    },
    giveUp() {
      if (!isBusy) return
      isGivenUp = true
      connection.close()
    },
    close: () => connection.close(),
  }
}
