import type { PlainConnection } from '../snippets/resp.ts'
import { escapeControls, type Palette, table } from '../terminal/index.ts'
import { itemsOf, pairsOf, textOf } from './replies.ts'

/** One event as it is in a list or a stream. */
interface Entry {
  /** Its index in the list, or its ID in the stream. */
  readonly place: string
  readonly type: string
  readonly time: string
  /** All other fields. */
  readonly rest: string
}

/** The events of an entity in a list or a stream. */
export interface History {
  readonly key: string
  readonly entries: readonly Entry[]
  /** There are more than are shown. */
  readonly isCut: boolean
}

const MOST_ENTRIES = 200

/**
 * The history of an entity in every list and stream whose key is its ID or ends with it: `events:ID`,
 * `stream:entity:ID`.
 */
export async function historiesOf(connection: PlainConnection, id: string): Promise<readonly History[]> {
  const found: History[] = []
  for (const key of await allKeys(connection)) {
    if (key !== id && !key.endsWith(`:${id}`)) continue
    const type = textOf(await connection.send(['TYPE', key]))
    if (type !== 'list' && type !== 'stream') continue
    const all = await read(connection, key, type)
    found.push({ key, entries: all.slice(0, MOST_ENTRIES), isCut: all.length > MOST_ENTRIES })
  }
  return found
}

/** Sorted; for a sandbox, which is small. */
export async function allKeys(connection: PlainConnection): Promise<readonly string[]> {
  const keys = new Set<string>()
  for (let cursor = '0'; ; ) {
    const reply = await connection.send(['SCAN', cursor, 'COUNT', '500'])
    if (reply.kind !== 'array') return []
    const [next, page] = reply.items
    for (const key of itemsOf(page)) keys.add(textOf(key))
    cursor = textOf(next) || '0'
    if (cursor === '0') return [...keys].sort()
  }
}

async function read(
  connection: PlainConnection,
  key: string,
  type: 'list' | 'stream',
): Promise<readonly Entry[]> {
  if (type === 'list') {
    const reply = await connection.send(['LRANGE', key, '0', String(MOST_ENTRIES)])
    return itemsOf(reply).map((item, index) => ofList(textOf(item), index))
  }
  const reply = await connection.send(['XRANGE', key, '-', '+', 'COUNT', String(MOST_ENTRIES + 1)])
  return itemsOf(reply).map((item) => {
    const [id, fields] = itemsOf(item)
    return ofFields(textOf(id), pairsOf(fields))
  })
}

function ofList(text: string, index: number): Entry {
  try {
    const event: unknown = JSON.parse(text)
    if (typeof event === 'object' && event !== null) {
      const fields = Object.entries(event).map(([name, value]) => [name, asText(value)] as const)
      return ofFields(String(index), fields)
    }
  } catch {
    // Not every list contains JSON: other items are shown as they are.
  }
  return { place: String(index), type: '', time: '', rest: text }
}

function ofFields(place: string, fields: readonly (readonly [string, string])[]): Entry {
  const value = (name: string) => fields.find(([field]) => field === name)?.[1] ?? ''
  const known = new Set(['eventType', 'timestamp', 'entityId', 'eventId'])
  // The payload is what matters; IDs are in the way until someone looks for them.
  const telling = fields.filter(([name, text]) => !known.has(name) && text !== '' && text !== '{}')
  const rest = telling.length > 0 || value('eventType') !== '' ? telling : fields
  return {
    place,
    type: value('eventType'),
    time: value('timestamp'),
    rest: rest.map(([name, text]) => (name === 'payload' ? text : `${name} ${text}`)).join('  '),
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A table for each key. Columns that are always empty are left out. */
export function renderHistories(
  histories: readonly History[],
  { width, palette }: { readonly width: number; readonly palette: Palette },
): string {
  const columns = ['place', 'type', 'time', 'rest'] as const
  const parts = histories.map(({ key, entries, isCut }) => {
    const used = columns.filter((column) => entries.some((entry) => entry[column] !== ''))
    const heading = {
      place: entries.some(({ place }) => place.includes('-')) ? 'id' : 'at',
      type: 'event',
      time: 'time',
    }
    const header = used.map((column) => (column === 'rest' ? 'payload' : heading[column]))
    const rows = entries.map((entry) => used.map((column) => escapeControls(entry[column])))
    const more = isCut ? `\nMore than ${MOST_ENTRIES}; these are the oldest.` : ''
    return `${palette.paint(escapeControls(key), 'bold')}\n${table(rows, { width, palette, header })}${more}`
  })
  return parts.join('\n\n')
}
