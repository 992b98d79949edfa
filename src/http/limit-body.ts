import type { Context, MiddlewareHandler } from 'hono'

/**
 * Refuses requests whose body has more bytes than `most`. Hono's own limit can't be used: if a request doesn't announce its length,
 * as one through a forwarder may not, it fails unless Request is Hono's own class.
 */
export function limitBody(most: number, refuse: (context: Context) => Response): MiddlewareHandler {
  return async (context, next) => {
    const { raw } = context.req
    if (raw.body === null) return next()
    const { 'content-length': announced, 'transfer-encoding': pieces } = context.req.header()
    if (announced !== undefined && pieces === undefined)
      return Number(announced) > most ? refuse(context) : next()
    const body = await upTo(most, raw.body)
    if (body === undefined) return refuse(context)
    const { url, method, headers, signal } = raw
    context.req.raw = new Request(url, { method, headers, signal, body })
    return next()
  }
}

/** Undefined if there's more. The rest stays unread, because canceling it would close the connection before the reply. */
async function upTo(
  most: number,
  body: ReadableStream<Uint8Array>,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const reader = body.getReader()
  const pieces: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(pieces)
    size += value.length
    if (size > most) return undefined
    pieces.push(value)
  }
}
