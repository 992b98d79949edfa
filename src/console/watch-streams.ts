import { ConnectionLostError, type PlainConnection, plainConnection, type Reply } from '../snippets/resp.ts'
import { escapeControls } from '../terminal/index.ts'
import { allKeys } from './entity-history.ts'
import { itemsOf, pairsOf, textOf } from './replies.ts'

const BLOCK_MS = 300

/** Prints new entries of the sandbox's streams (all, or the named ones) until `stop` resolves. */
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
      // A stream that didn't exist when the watch began is shown from its first entry.
      for (const key of await streams(connection, named)) if (!last.has(key)) last.set(key, '0-0')
      if (last.size === 0) await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
      else await show(await readNew(connection, last), last, print)
    }
  } catch (error) {
    // Closed by us: the reply is no longer needed.
    if (!(stopped && error instanceof ConnectionLostError)) throw error
  }
}

async function streams(connection: PlainConnection, named: readonly string[]): Promise<readonly string[]> {
  return named.length > 0 ? named : await streamsIn(connection)
}

/** All streams of the sandbox. */
export async function streamsIn(connection: PlainConnection): Promise<readonly string[]> {
  const found: string[] = []
  for (const key of await allKeys(connection)) {
    if ((await typeOf(connection, key)) === 'stream') found.push(key)
  }
  return found
}

export async function typeOf(connection: PlainConnection, key: string): Promise<string> {
  return textOf(await connection.send(['TYPE', key]))
}

async function lastId(connection: PlainConnection, key: string): Promise<string> {
  const reply = await connection.send(['XREVRANGE', key, '+', '-', 'COUNT', '1'])
  return textOf(itemsOf(itemsOf(reply)[0])[0]) || '0-0'
}

function readNew(connection: PlainConnection, last: ReadonlyMap<string, string>): Promise<Reply> {
  const block = ['COUNT', '100', 'BLOCK', String(BLOCK_MS)]
  return connection.send(['XREAD', ...block, 'STREAMS', ...last.keys(), ...last.values()])
}

async function show(reply: Reply, last: Map<string, string>, print: (text: string) => void): Promise<void> {
  if (reply.kind === 'error') {
    print(`(error) ${escapeControls(reply.text)}\n`)
    await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
    return
  }
  for (const stream of itemsOf(reply)) {
    const [name, entries] = itemsOf(stream)
    const key = textOf(name)
    for (const entry of itemsOf(entries)) {
      const [first, fields] = itemsOf(entry)
      const id = textOf(first)
      last.set(key, id)
      const pairs = pairsOf(fields).map(([field, value]) => `${field}=${value}`)
      print(`${escapeControls(`${key} ${id}  ${pairs.join(' ')}`)}\n`)
    }
  }
}
