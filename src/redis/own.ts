import type { RedisCluster } from './cluster.ts'
import type { OwnServer, OwnServerOptions } from './own-server.ts'

/** See `own-server.ts`. */
export async function startOwnServer(options?: OwnServerOptions): Promise<OwnServer> {
  return (await import('./own-server.ts')).startOwnServer(options)
}

/** See `cluster.ts`. */
export async function startCluster(options?: { readonly env?: NodeJS.ProcessEnv }): Promise<RedisCluster> {
  return (await import('./cluster.ts')).startCluster(options)
}
