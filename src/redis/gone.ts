import { connect } from 'node:net'
import { readAddress } from './probe.ts'

const PATIENCE_MS = 2_000

/**
 * Whether nobody listens any more where a Redis was. One that is only busy, with a script that does not end for instance,
 * still listens, and is not gone.
 */
export function isGone(url: string): Promise<boolean> {
  const { host, port } = readAddress(url)
  return new Promise((resolve) => {
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
