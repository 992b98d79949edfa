import { harmless } from '../../terminal/index.ts'
import { ConnectionLostError, type PlainConnection, plainConnection, type Reply } from '../resp.ts'
import { allKeys } from './entity-history.ts'

const BLOCK_MS = 300

/** Prints what comes into the streams of the sandbox (all, or those named) until `stop` resolves. */
export async function watchStreams(
  url: string,
  named: readonly string[],
  print: (text: string) => void,
  stop: Promise<void>,
): Promise<void> {
  const connection = await plainConnection(url)
  let stopped = false
  void stop.then(() => {
    stopped = true
    connection.close()
  })
  try {
    const last = new Map<string, string>()
    for (const key of await streams(connection, named)) last.set(key, await lastId(connection, key))
    while (!stopped) {
      // A stream that did not exist when the watch began is shown from its first entry.
      for (const key of await streams(connection, named)) if (!last.has(key)) last.set(key, '0-0')
      if (last.size === 0) await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
      else await show(await readNew(connection, last), last, print)
    }
  } catch (error) {
    // Closed from here: nobody wants the reply any more.
    if (!(stopped && error instanceof ConnectionLostError)) throw error
  }
}

async function streams(connection: PlainConnection, named: readonly string[]): Promise<readonly string[]> {
  if (named.length > 0) return named
  const found: string[] = []
  for (const key of await allKeys(connection)) {
    const type = await connection.send(['TYPE', key])
    if (type.kind === 'status' && type.text === 'stream') found.push(key)
  }
  return found
}

async function lastId(connection: PlainConnection, key: string): Promise<string> {
  const reply = await connection.send(['XREVRANGE', key, '+', '-', 'COUNT', '1'])
  return text(items(items(reply)[0])[0]) || '0-0'
}

function readNew(connection: PlainConnection, last: ReadonlyMap<string, string>): Promise<Reply> {
  const block = ['COUNT', '100', 'BLOCK', String(BLOCK_MS)]
  return connection.send(['XREAD', ...block, 'STREAMS', ...last.keys(), ...last.values()])
}

async function show(reply: Reply, last: Map<string, string>, print: (text: string) => void): Promise<void> {
  if (reply.kind === 'error') {
    print(`(error) ${harmless(reply.text)}\n`)
    await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
    return
  }
  for (const stream of items(reply)) {
    const [key, entries] = items(stream)
    for (const entry of items(entries)) {
      const [id, fields] = items(entry)
      last.set(text(key), text(id))
      const flat = items(fields).map(text)
      const pairs = flat.flatMap((name, index) =>
        index % 2 === 0 ? [`${name}=${flat[index + 1] ?? ''}`] : [],
      )
      print(`${harmless(`${text(key)} ${text(id)}  ${pairs.join(' ')}`)}\n`)
    }
  }
}

function items(reply: Reply | undefined): readonly Reply[] {
  return reply?.kind === 'array' ? reply.items : []
}

function text(reply: Reply | undefined): string {
  return reply?.kind === 'bulk' ? reply.text : ''
}
