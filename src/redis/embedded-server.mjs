// The child process of `embedded.ts`, run with plain Node: js-redis-server on the loopback port that it's given. It writes one
// line of JSON when it's ready, and ends when its standard input closes, that is, with its parent.
import { Server } from 'node:net'

// Ctrl-C in a terminal reaches the whole group, but the parent decides when the server ends.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.stdin.on('close', () => process.exit(0)).resume()

// js-redis-server listens on every interface and has no option to change that; a sandbox without a password must not.
const { listen } = Server.prototype
Server.prototype.listen = function listenOnLoopback(port) {
  // A reply must not wait up to 40 ms for the acknowledgment of the one before.
  this.on('connection', (socket) => socket.setNoDelay(true))
  return listen.call(this, port, '127.0.0.1')
}

const { startServer } = await import('./embedded/server.mjs')
process.stdout.write(`${JSON.stringify({ port: await startServer(Number(process.argv[2] ?? 0)) })}\n`)
