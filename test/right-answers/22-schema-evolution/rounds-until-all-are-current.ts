// Goes over the whole list until nothing is old, collects all events before it folds them, and keeps the schema in a class.
import type { Redis } from 'ioredis'

export type Payload = Readonly<Record<string, unknown>>
export interface BlogEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly schemaVersion: number
  readonly timestamp: string
  readonly payload: Payload
}
export type Upcaster = (old: BlogEvent) => readonly BlogEvent[]
export interface Schema {
  readonly current: Readonly<Record<string, number>>
  readonly upcasters: Readonly<Record<string, Upcaster>>
}
export interface Post {
  readonly title: string
  readonly body: string
  readonly tags: readonly string[]
  readonly authorFirstName: string
  readonly authorLastName: string
  readonly published: boolean
}

export class UnknownSchemaError extends Error {
  readonly id: string
  readonly eventType: string
  readonly schemaVersion: number
  constructor(id: string, eventType: string, schemaVersion: number) {
    super(`${eventType} v${schemaVersion} (entry ${id}) isn't known`)
    this.name = 'UnknownSchemaError'
    this.id = id
    this.eventType = eventType
    this.schemaVersion = schemaVersion
  }
}

export function upcast(event: BlogEvent, schema: Schema): BlogEvent[] {
  const isCurrent = (e: BlogEvent) => schema.current[e.eventType] === e.schemaVersion
  let events: BlogEvent[] = [event]
  while (!events.every(isCurrent)) {
    events = events.flatMap((e) => (isCurrent(e) ? [e] : [...stepFor(e, schema)(e)]))
  }
  return events
}

function stepFor({ id, eventType, schemaVersion }: BlogEvent, { upcasters }: Schema): Upcaster {
  const found = upcasters[`${eventType}@${schemaVersion}`]
  if (!found) throw new UnknownSchemaError(id, eventType, schemaVersion)
  return found
}

class SchemaBuilder implements Schema {
  readonly current: Record<string, number> = {}
  readonly upcasters: Record<string, Upcaster> = {}

  step(eventType: string, from: number, change: (p: Payload) => Payload): this {
    this.upcasters[`${eventType}@${from}`] = (e) => [
      { ...e, schemaVersion: from + 1, payload: change(e.payload) },
    ]
    return this
  }
  living(...types: [string, number][]): this {
    for (const [eventType, version] of types) this.current[eventType] = version
    return this
  }
}

const renamed = (p: Payload): Payload =>
  Object.fromEntries(Object.entries(p).map(([key, value]) => [key === 'content' ? 'body' : key, value]))

export function blogSchema(): Schema {
  const builder = new SchemaBuilder()
    .living(['POST_CREATED', 4], ['POST_TITLE_CHANGED', 1], ['POST_BODY_CHANGED', 1], ['POST_PUBLISHED', 1])
    .step('POST_CREATED', 1, (p) => ({ ...p, tags: [] }))
    .step('POST_CREATED', 2, renamed)
    .step('POST_CREATED', 3, (p) => {
      const { author, ...rest } = p as { author: string }
      const [, first, last = ''] = /^(?:(.*) )?(.*)$/s.exec(author) ?? []
      return { ...rest, authorFirstName: first ?? last, authorLastName: first === undefined ? '' : last }
    })
    .step('POST_EDITED', 1, renamed)
  builder.upcasters['POST_EDITED@2'] = (e) => {
    const parts: BlogEvent[] = []
    const base = { id: e.id, timestamp: e.timestamp, schemaVersion: 1 }
    if ('title' in e.payload) {
      const payload = { title: e.payload.title }
      parts.push({ ...base, eventId: `${e.eventId}:title`, eventType: 'POST_TITLE_CHANGED', payload })
    }
    if ('body' in e.payload) {
      const payload = { body: e.payload.body }
      parts.push({ ...base, eventId: `${e.eventId}:body`, eventType: 'POST_BODY_CHANGED', payload })
    }
    return parts
  }
  return builder
}

export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  const key = `stream:entity:${postId}`
  const schema = blogSchema()
  const history: BlogEvent[] = []
  let from = '-'
  let more = true
  while (more) {
    const page = await redis.xrange(key, from, '+', 'COUNT', 1_000)
    for (const [id, flat] of page) {
      const fields = new Map<string, string>()
      for (let i = 0; i < flat.length; i += 2) fields.set(String(flat[i]), String(flat[i + 1]))
      const old: BlogEvent = {
        id,
        eventId: String(fields.get('eventId')),
        eventType: String(fields.get('eventType')),
        schemaVersion: fields.has('schemaVersion') ? Number(fields.get('schemaVersion')) : 1,
        timestamp: String(fields.get('timestamp')),
        payload: JSON.parse(String(fields.get('payload'))),
      }
      history.push(...upcast(old, schema))
      from = `(${id}`
    }
    more = page.length === 1_000
  }
  let post = null as Post | null
  for (const { eventType, payload } of history) {
    if (eventType === 'POST_CREATED') post = { ...(payload as unknown as Post), published: false }
    else if (post !== null)
      post = { ...post, ...payload, ...(eventType === 'POST_PUBLISHED' && { published: true }) }
  }
  return post
}
