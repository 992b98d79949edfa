import { createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server on loopback that lives as long as the test; returns its port. */
export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A server that accepts the connection and behaves like this. */
export function decoy(behave: (socket: Socket) => void): Promise<number> {
  return listening(createServer(behave))
}

/** Speaks just enough of the Redis protocol: the reply to each command comes from the table, otherwise `+OK`. */
export function tinyRedis(replies: Readonly<Record<string, string>>): Promise<number> {
  return decoy((socket) => {
    socket.on('data', (chunk) => {
      for (const [, command = ''] of String(chunk).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(replies[command.toUpperCase()] ?? '+OK\r\n')
      }
    })
  })
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/** Resolves when the condition is true; for what another process does without announcing it. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It took too long until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
