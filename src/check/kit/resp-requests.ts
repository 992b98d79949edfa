/** One command as a client sent it. */
export interface Request {
  /** In upper case. */
  readonly name: string
  readonly bytes: Buffer
}

/**
 * Cuts a client's bytes into commands; incomplete ones wait for the next chunk. Clients send arrays of bulk strings.
 */
export function requestReader(): (chunk: Buffer) => Request[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const requests: Request[] = []
    for (;;) {
      const request = first(rest)
      if (request === undefined) return requests
      requests.push(request)
      rest = rest.subarray(request.bytes.length)
    }
  }
}

function first(buffer: Buffer): Request | undefined {
  const head = line(buffer, 0)
  if (head === undefined) return undefined
  let at = head.end
  let name = ''
  for (let i = 0; i < Number(head.text.slice(1)); i += 1) {
    const size = line(buffer, at)
    if (size === undefined) return undefined
    const start = size.end
    const end = start + Number(size.text.slice(1))
    if (buffer.length < end + 2) return undefined
    if (i === 0) name = buffer.toString('latin1', start, end).toUpperCase()
    at = end + 2
  }
  return { name, bytes: buffer.subarray(0, at) }
}

function line(buffer: Buffer, from: number): { readonly text: string; readonly end: number } | undefined {
  const end = buffer.indexOf('\r\n', from)
  return end === -1 ? undefined : { text: buffer.toString('latin1', from, end), end: end + 2 }
}
