const PATIENCE_MS = 2_000

/**
 * Whether nobody listens any more where a Redis was. One that is only busy, with a script that does not end for instance,
 * still listens, and is not gone.
 */
export async function isGone(url: string): Promise<boolean> {
  const [{ connect }, { readAddress }] = await Promise.all([import('node:net'), import('./address.ts')])
  const { host, port } = readAddress(url)
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS })
    const end = (gone: boolean) => {
      socket.destroy()
      resolve(gone)
    }
    socket.once('connect', () => end(false))
    socket.once('error', () => end(true))
    socket.once('timeout', () => end(true))
  })
}
