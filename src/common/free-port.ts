import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** How many ports are tried, and how long (ms) each of them gets. The last one is taken in any case. */
const ATTEMPTS = 5
const PROBE_MS = 2_000

/**
 * A loopback port that was free a moment ago; its user must be ready to find it taken. Connections to it get through:
 * a killed container engine leaves rules that redirect ports which look free, and a server that listens on such a port
 * is never reached. `beforeProbe` is called with each port before it's tried.
 */
export async function freePort(beforeProbe: (port: number) => void = () => {}): Promise<number> {
  // Those that can't be reached stay open until the end, or the system would offer them again.
  const servers: Server[] = []
  try {
    for (let attempt = 1; ; attempt++) {
      const server = await listening(0)
      servers.push(server)
      const { port } = server.address() as AddressInfo
      beforeProbe(port)
      if (attempt === ATTEMPTS || (await isReached(server, port))) return port
    }
  } finally {
    await Promise.all(servers.map(closed))
  }
}

/** Listens on such a port, and resolves to it. */
export async function listenOnFreePort(
  server: Server,
  beforeProbe?: (port: number) => void,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(beforeProbe)
    try {
      await opened(server, port)
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error
    }
  }
}

/** True when nothing listens on this loopback port right now. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await closed(await listening(port))
    return true
  } catch {
    return false
  }
}

async function listening(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  await opened(server, port)
  return server
}

async function opened(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

/** Whether a connection to the port gets to this server, and not to another one or to none. */
async function isReached(server: Server, port: number): Promise<boolean> {
  const probe = connect(port, '127.0.0.1')
  const isRefused = once(probe, 'error').then(() => false)
  const signal = AbortSignal.timeout(PROBE_MS)
  try {
    return await Promise.race([once(server, 'connection', { signal }).then(() => true), isRefused])
  } catch {
    return false
  } finally {
    probe.destroy()
  }
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}
