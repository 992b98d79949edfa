import { Exit } from '../common/exit.ts'

/** Another program listens on the requested port, or listening on it isn't allowed. */
export class PortError extends Error {
  override readonly name = 'PortError'
  readonly exitCode = Exit.machine
  readonly port: number
  /** As the system reports it: `EADDRINUSE` for a port in use. */
  readonly code: string | undefined

  constructor(port: number, code: string | undefined) {
    const problem =
      code === 'EADDRINUSE' ? 'is already in use' : `can't be used (${code ?? 'unknown reason'})`
    super(`Port ${port} ${problem}. Choose another port, or leave out --port to get a free one.`)
    this.port = port
    this.code = code
  }
}
