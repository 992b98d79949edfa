const TIMEOUT_MS = 2_000

/**
 * Whether nothing listens any more where a Redis was. One that's only busy, for example with a script that doesn't
 * end, still listens, and isn't gone.
 */
export async function isGone(url: string): Promise<boolean> {
  const [{ connect }, { readAddress }] = await Promise.all([import('node:net'), import('./address.ts')])
  const { host, port } = readAddress(url)
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (gone: boolean) => {
      socket.destroy()
      resolve(gone)
    }
    socket.once('connect', () => end(false))
    socket.once('error', () => end(true))
    socket.once('timeout', () => end(true))
  })
}
