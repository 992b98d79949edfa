/** Somebody else listens on the port that was asked for, or it may not be listened on. */
export class PortError extends Error {
  override readonly name = 'PortError'
  readonly port: number
  /** As the system says it: `EADDRINUSE` for a port that is taken. */
  readonly code: string | undefined

  constructor(port: number, code: string | undefined) {
    const problem =
      code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code ?? 'unknown reason'})`
    super(`Port ${port} ${problem}. Take another one, or leave --port out and a free one is found.`)
    this.port = port
    this.code = code
  }
}
