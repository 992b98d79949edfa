import net from 'node:net'
import tls from 'node:tls'
import { listenOnFreePort } from '../../common/free-port.ts'
import { readAddress } from '../../redis/address.ts'
import { environment } from './environment.ts'
import { allowAddress, forbidAddress } from './network.ts'
import { type Request, requestReader } from './resp-requests.ts'

/**
 * A path to Redis on which a reply can get lost after its command was executed. Its clients connect over plain TCP;
 * it connects to a Redis with TLS over TLS.
 */
export interface LossyProxy {
  readonly port: number
  /** Counts commands over all connections after this call, without handshakes. */
  loseReplyOf(count: number): void
  /** The command whose reply was lost, once that has happened. */
  lost(): string | undefined
  close(): Promise<void>
}

/** Ports that lead to the sandbox. */
const ports = new Set<number>()

/** Whether this is the port of a proxy, and not of a server. */
export function isProxy(port: number | undefined): boolean {
  return port !== undefined && ports.has(port)
}

const HANDSHAKE = new Set(['INFO', 'CLIENT', 'SELECT', 'AUTH', 'HELLO'])

export async function lossyProxy(): Promise<LossyProxy> {
  const { host, port, tls: behindTls } = readAddress(environment().url)
  let remaining = Number.POSITIVE_INFINITY
  let lost: string | undefined
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
    client.on('data', (chunk: Buffer) => {
      for (const request of read(chunk)) {
        if (losing) return
        upstream.write(request.bytes)
        if (request.name === 'MULTI') inTransaction = true
        if (request.name === 'EXEC' || request.name === 'DISCARD') inTransaction = false
        if (HANDSHAKE.has(request.name)) continue
        remaining -= 1
        if (remaining === 0) lose(request)
      }
    })
    upstream.on('data', (chunk: Buffer) => {
      if (!losing) client.write(chunk)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())

    function lose(request: Request) {
      losing = true
      lost = request.name
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
      upstream.write(`*2\r\n$4\r\nPING\r\n$${token.length}\r\n${token}\r\n`)
    }
  })
  const offered = new Set<number>()
  const ownPort = await listenOnFreePort(server, (free) => {
    offered.add(free)
    allowAddress('127.0.0.1', free) // to try whether it can be reached
  })
  offered.delete(ownPort)
  for (const free of offered) forbidAddress('127.0.0.1', free)
  ports.add(ownPort)
  return {
    port: ownPort,
    loseReplyOf(count) {
      remaining = count
    },
    lost: () => lost,
    async close() {
      ports.delete(ownPort)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
