import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { ClassError } from '../errors.ts'

export interface Listening {
  readonly port: number
  /** Ends it at once, open connections too. */
  close(): Promise<void>
}

/** Serves on `host`; `port` 0 takes one that is free. Rejects with ClassError. */
export async function listen(app: Hono, host: string, port: number): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  // Somebody who opens connections and sends nothing, or drop by drop, shall not keep them.
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(host, port, error.code)))
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function refused(host: string, port: number, code: string | undefined): ClassError {
  switch (code) {
    case 'EADDRINUSE':
      return new ClassError(`Port ${port} is taken by another program. Take another one with --port.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ClassError(`${host} is no address of this machine. --host 0.0.0.0 means all that it has.`)
    default:
      return new ClassError(`${host}:${port} cannot be used (${code ?? 'unknown reason'}).`)
  }
}
