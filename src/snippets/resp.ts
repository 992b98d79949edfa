import net from 'node:net'
import tls from 'node:tls'
import { Exit } from '../common/exit.ts'
import { readAddress } from '../redis/address.ts'

/**
 * A reply that keeps its type: a client library returns `+OK` and `"OK"` as the same string, but redis-cli prints
 * them differently.
 */
export type Reply =
  | { readonly kind: 'status' | 'error' | 'bulk'; readonly text: string }
  | { readonly kind: 'integer'; readonly text: string }
  | { readonly kind: 'nil' }
  | { readonly kind: 'array'; readonly items: readonly Reply[] }

/** One connection that sends a command and waits for its reply, as redis-cli does. */
export interface PlainConnection {
  send(args: readonly string[]): Promise<Reply>
  close(): void
}

export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
  readonly exitCode = Exit.machine
}

/** Connects, logs in and selects the database as the URL says. Rejects with ConnectionLostError. */
export async function plainConnection(url: string): Promise<PlainConnection> {
  const { host, port, tls: behindTls, username, password, database } = readAddress(url)
  const socket = behindTls ? tls.connect(port, host) : net.connect(port, host)
  socket.setNoDelay(true)
  let buffered: Buffer = Buffer.alloc(0)
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined
  let gone: ConnectionLostError | undefined
  const lost = (why: string) => {
    gone ??= new ConnectionLostError(`The connection to the sandbox was lost (${why}).`)
    waiting?.reject(gone)
    waiting = undefined
  }
  socket.on('error', (error) => lost(error.message))
  socket.on('close', () => lost('closed'))
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    const parsed = parseReply(buffered, 0)
    if (parsed === undefined) return
    buffered = buffered.subarray(parsed.end)
    waiting?.resolve(parsed.reply)
    waiting = undefined
  })
  const connection: PlainConnection = {
    send(args) {
      return new Promise((resolve, reject) => {
        // A closed socket swallows what is written to it.
        if (gone !== undefined) return reject(gone)
        waiting = { resolve, reject }
        socket.write(encodeCommand(args))
      })
    },
    close: () => socket.destroy(),
  }
  if (password !== undefined) {
    await connection.send(username === undefined ? ['AUTH', password] : ['AUTH', username, password])
  }
  if (database !== 0) await connection.send(['SELECT', String(database)])
  return connection
}

function encodeCommand(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`
}

function parseReply(
  buffer: Buffer,
  from: number,
): { readonly reply: Reply; readonly end: number } | undefined {
  const lineEnd = buffer.indexOf('\r\n', from)
  if (lineEnd === -1) return undefined
  const text = buffer.toString('utf8', from + 1, lineEnd)
  const end = lineEnd + 2
  switch (String.fromCharCode(buffer[from] ?? 0)) {
    case '+':
      return { reply: { kind: 'status', text }, end }
    case '-':
      return { reply: { kind: 'error', text }, end }
    case ':':
      return { reply: { kind: 'integer', text }, end }
    case '$': {
      const size = Number(text)
      if (size === -1) return { reply: { kind: 'nil' }, end }
      if (buffer.length < end + size + 2) return undefined
      return { reply: { kind: 'bulk', text: buffer.toString('utf8', end, end + size) }, end: end + size + 2 }
    }
    case '*':
      return parseArray(buffer, Number(text), end)
    default:
      throw new ConnectionLostError("The server that answered isn't Redis.")
  }
}

function parseArray(buffer: Buffer, count: number, from: number) {
  if (count === -1) return { reply: { kind: 'nil' } as const, end: from }
  const items: Reply[] = []
  let end = from
  for (let i = 0; i < count; i += 1) {
    const item = parseReply(buffer, end)
    if (item === undefined) return undefined
    items.push(item.reply)
    end = item.end
  }
  return { reply: { kind: 'array', items } as const, end }
}
