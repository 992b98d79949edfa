import net from 'node:net'
import { onTestFinished } from 'vitest'
import { requestReader } from '../../../src/check/kit/resp-requests.ts'

export interface ProxyOptions {
  /** How long every reply is held back (ms). */
  readonly delay?: number
  /** Called with the name of each command and what was sent; the command continues when that resolves. */
  onCommand?(name: string, bytes: Buffer): Promise<void> | void
}

/** A proxy to the server on that port; resolves to its own port. Ends with the test. */
export async function slowProxy(to: number, { delay = 0, onCommand }: ProxyOptions): Promise<number> {
  const sockets = new Set<net.Socket>()
  const proxy = net.createServer((client) => {
    const upstream = net.connect(to, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
    }
    const read = requestReader()
    let line: Promise<unknown> = Promise.resolve()
    client.on('data', (chunk: Buffer) => {
      for (const { name, bytes } of read(chunk)) {
        line = line.then(() => onCommand?.(name, bytes)).then(() => upstream.write(bytes))
      }
    })
    upstream.on('data', (chunk: Buffer) => setTimeout(() => client.write(chunk), delay))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => setTimeout(() => client.destroy(), delay))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  return address.port
}
