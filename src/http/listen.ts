import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { freePort } from '../common/free-port.ts'
import { PortError } from './port-error.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /**
   * Replaces Request and Response with Hono's own, faster ones for the whole process, in which shiki can't be loaded
   * then; default: false.
   */
  readonly overrideGlobalObjects?: boolean
  /** Maximum number of open connections; more are closed at once. Default: any number. */
  readonly connections?: { readonly ofAddress: number; readonly ofAll: number }
  /** How long a client may take to send the head of a request, and all of it (ms). */
  readonly timeouts?: { readonly headers: number; readonly request: number }
}

/** How long a client may take to send the head of a request, and all of it (ms). */
const TIMEOUTS = { headers: 10_000, request: 30_000 }

export interface Listening {
  readonly port: number
  /** Ends it at once, including open connections. */
  close(): Promise<void>
}

/** Serves an app. Rejects with PortError. */
export async function listen(app: Hono, options: ListenOptions): Promise<Listening> {
  const { host, port, overrideGlobalObjects = false, connections, timeouts = TIMEOUTS } = options
  // By default, Node looks only every 30 seconds, so slow connections would stay for a minute.
  const serverOptions = { connectionsCheckingInterval: 1_000 }
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects, serverOptions }) as Server
  // Connections that send nothing, or only drop by drop, must not stay open.
  server.headersTimeout = timeouts.headers
  server.requestTimeout = timeouts.request
  if (connections !== undefined) limitConnections(server, connections)
  await listenOn(server, host, port || (await freePort())).catch((error: PortError) => {
    if (port !== 0 || error.code !== 'EADDRINUSE') throw error
    return listenOn(server, host, 0) // another program was faster
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

async function listenOn(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new PortError(port, error.code)))
    server.listen(port, host, resolve)
  })
}

function limitConnections(
  server: Server,
  { ofAddress, ofAll }: NonNullable<ListenOptions['connections']>,
): void {
  server.maxConnections = ofAll
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    if (count > ofAddress) return void socket.destroy()
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}
