import net from 'node:net'
import tls from 'node:tls'
import { listenOnFreePort } from '../../../common/free-port.ts'
import { readAddress } from '../../../redis/address.ts'
import { environment } from '../environment.ts'
import { allowAddress, forbidAddress } from '../guards/network.ts'
import { type Request, requestReader } from '../resp-requests.ts'

/**
 * `lose`: the command is executed, but its reply gets lost with the connection. `refuse`: it isn't executed, and its
 * reply is an error, even inside EXEC's reply, as for a user without the permission.
 */
export type Fault = 'lose' | 'refuse'

/**
 * A path to Redis on which one command meets a fault. Its clients connect over plain TCP; it connects to a Redis with
 * TLS over TLS.
 */
export interface FaultyProxy {
  readonly port: number
  /** Counts commands over all connections after this call, without handshakes. */
  strike(fault: Fault, count: number): void
  /** The command that met the fault, once that has happened. */
  struck(): string | undefined
  close(): Promise<void>
}

/** Ports that lead to the sandbox. */
const ports = new Set<number>()

/** Whether this is the port of a proxy, and not of a server. */
export function isProxy(port: number | undefined): boolean {
  return port !== undefined && ports.has(port)
}

const HANDSHAKE = ['INFO', 'CLIENT', 'SELECT', 'AUTH', 'HELLO']
/** Never refused: without one of these, the others would have another meaning. Every user may send QUIT. */
const ALWAYS_ALLOWED = ['MULTI', 'EXEC', 'DISCARD', 'WATCH', 'UNWATCH', 'QUIT']
const SPARED: Readonly<Record<Fault, ReadonlySet<string>>> = {
  lose: new Set(HANDSHAKE),
  refuse: new Set([...HANDSHAKE, ...ALWAYS_ALLOWED]),
}

export async function faultyProxy(): Promise<FaultyProxy> {
  const { host, port, tls: behindTls } = readAddress(environment().url)
  let fault: Fault = 'lose'
  let remaining = Number.POSITIVE_INFINITY
  let struck: string | undefined
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = behindTls ? tls.connect(port, host) : net.connect(port, host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
    }
    const read = requestReader()
    let losing = false
    let inTransaction = false
    let reply = (chunk: Buffer) => chunk
    client.on('data', (chunk: Buffer) => {
      for (const request of read(chunk)) {
        if (losing) return
        const isStruck = !SPARED[fault].has(request.name) && --remaining === 0
        if (isStruck) struck = request.name
        if (isStruck && fault === 'refuse') {
          refuse(request)
          continue
        }
        upstream.write(request.bytes)
        if (request.name === 'MULTI') inTransaction = true
        if (request.name === 'EXEC' || request.name === 'DISCARD') inTransaction = false
        if (isStruck) lose()
      }
    })
    upstream.on('data', (chunk: Buffer) => {
      if (!losing) client.write(reply(chunk))
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())

    /** Sends a PING in its place, whose reply comes in the right place, and turns that reply into the error. */
    function refuse({ name }: Request) {
      const token = 'eventlings-refused'
      const pong = `$${token.length}\r\n${token}\r\n`
      reply = replacing(
        [`*2\r\n$4\r\npong\r\n${pong}`, pong], // the first one on a connection that listens to channels
        `-NOPERM this user has no permissions to run the '${name.toLowerCase()}' command\r\n`,
      )
      upstream.write(ping(token))
    }

    function lose() {
      losing = true
      // Inside a transaction nothing has been executed yet, so there's nothing to wait for.
      if (inTransaction) {
        client.destroy()
        return
      }
      // The server's answer to this command proves that it has executed everything before it.
      const token = 'eventlings-executed'
      let heard = ''
      upstream.on('data', (chunk: Buffer) => {
        heard = (heard + chunk.toString('latin1')).slice(-64)
        if (heard.includes(token)) client.destroy()
      })
      upstream.write(ping(token))
    }
  })
  const offered = new Set<number>()
  const ownPort = await listenOnFreePort(server, (free) => {
    offered.add(free)
    allowAddress('127.0.0.1', free) // to check whether it can be reached
  })
  offered.delete(ownPort)
  for (const free of offered) forbidAddress('127.0.0.1', free)
  ports.add(ownPort)
  return {
    port: ownPort,
    strike(next, count) {
      fault = next
      remaining = count
    },
    struck: () => struck,
    async close() {
      ports.delete(ownPort)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function ping(token: string): string {
  return `*2\r\n$4\r\nPING\r\n$${token.length}\r\n${token}\r\n`
}

/** Replaces the first of these strings in a series of chunks, once, even where one chunk ends in the middle of it. */
function replacing(olds: readonly string[], by: string): (chunk: Buffer) => Buffer {
  let rest = ''
  let isDone = false
  return (chunk) => {
    if (isDone) return chunk
    const text = rest + chunk.toString('latin1')
    const found = olds.find((old) => text.includes(old))
    if (found !== undefined) {
      isDone = true
      return Buffer.from(
        text.replace(found, () => by),
        'latin1',
      )
    }
    const kept = Math.max(...olds.map((old) => lengthAtEnd(text, old)))
    rest = kept === 0 ? '' : text.slice(-kept)
    return Buffer.from(text.slice(0, text.length - kept), 'latin1')
  }
}

/** The length of the longest beginning of `old` that `text` ends with. */
function lengthAtEnd(text: string, old: string): number {
  let length = Math.min(text.length, old.length - 1)
  while (length > 0 && !old.startsWith(text.slice(-length))) length -= 1
  return length
}
