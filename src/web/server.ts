import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { PortError } from './errors.ts'

export interface WebServer {
  /** `http://127.0.0.1:4321`, without a slash at its end. */
  readonly origin: string
  /** Ends it at once, open connections too. */
  close(): Promise<void>
}

/** Serves on loopback alone; `port` 0 takes one that is free. Rejects with PortError. */
export async function listen(app: Hono, port = 0): Promise<WebServer> {
  // Its own Request and Response for everybody would be quicker, but shiki cannot be loaded with them.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new PortError(port, error.code)))
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
