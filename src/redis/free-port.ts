import { createServer } from 'node:net'

/** A loopback port that was free a moment ago; its user must be ready to find it taken. */
export function freePort(): Promise<number> {
  return listenOnce(0)
}

/** True when nothing listens on this loopback port right now. */
export function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  )
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('The system returned no port.'))
      })
    })
  })
}
