import { SocketConnectionTransport } from 'js-redis-server/core'

/**
 * js-redis-server writes each reply separately and waits until it has been sent. Redis answers commands that arrived
 * together with replies that leave together: the replies of a transaction arrive in one piece, and a client has all
 * of them when it has the last.
 */
export function writeRepliesTogether() {
  const waiting = new WeakMap()
  const { close } = SocketConnectionTransport.prototype

  const flush = (transport) => {
    const chunks = waiting.get(transport)
    waiting.delete(transport)
    if (chunks !== undefined && !transport.socket.destroyed) transport.socket.write(Buffer.concat(chunks))
  }

  SocketConnectionTransport.prototype.write = function write(chunk) {
    const chunks = waiting.get(this)
    if (chunks !== undefined) chunks.push(chunk)
    else {
      waiting.set(this, [chunk])
      setImmediate(flush, this)
    }
    return Promise.resolve()
  }

  SocketConnectionTransport.prototype.close = function flushAndClose(reason) {
    flush(this)
    return close.call(this, reason)
  }
}
