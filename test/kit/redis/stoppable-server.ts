import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from '../../../src/common/free-port.ts'

/** The test's own redis-server, which can be paused, resumed and restarted. */
export interface StoppableServer {
  readonly port: number
  readonly url: `redis://${string}`
  /** Sends SIGSTOP: it keeps its connections, accepts new ones and answers nothing. */
  pause(): void
  /** Sends SIGCONT. */
  wake(): void
  /** Sends SIGKILL, and starts another one without its data in its place. */
  restartEmpty(): Promise<void>
  kill(): void
}

/** Started on loopback with these flags; ends with the test. */
export async function stoppableServer(args: readonly string[] = []): Promise<StoppableServer> {
  const port = await freePort()
  let server = await started(port, args)
  onTestFinished(() => void server.kill('SIGKILL'))
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    pause: () => void server.kill('SIGSTOP'),
    wake: () => void server.kill('SIGCONT'),
    kill: () => void server.kill('SIGKILL'),
    async restartEmpty() {
      const gone = once(server, 'exit')
      server.kill('SIGKILL')
      await gone
      server = await started(port, args)
    },
  }
}

async function started(port: number, args: readonly string[]) {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...args]
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('eady to accept connections')) break
  }
  server.stdout.resume()
  return server
}
