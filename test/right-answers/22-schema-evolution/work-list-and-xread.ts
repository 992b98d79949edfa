// Uses a work list instead of recursion, XREAD instead of XRANGE, and steps made from small functions that change a payload.
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

export function upcast(event: BlogEvent, schema: Schema): readonly BlogEvent[] {
  const done: BlogEvent[] = []
  const todo: BlogEvent[] = [event]
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    const isCurrent = schema.current[next.eventType] === next.schemaVersion
    const step = isCurrent ? undefined : schema.upcasters[`${next.eventType}@${next.schemaVersion}`]
    if (step !== undefined) {
      todo.unshift(...step(next))
      continue
    }
    if (!isCurrent) {
      throw new UnknownSchemaError(next.id, next.eventType, next.schemaVersion)
    }
    done.push(next)
  }
  return done
}

/** Makes a step that changes only the payload, on a copy of it. */
function rewrite(change: (payload: Record<string, unknown>) => void): Upcaster {
  return (old) => {
    const payload = structuredClone(old.payload) as Record<string, unknown>
    change(payload)
    return [{ ...old, payload, schemaVersion: old.schemaVersion + 1 }]
  }
}

const renameContent = rewrite((payload) => {
  if (!Object.hasOwn(payload, 'content')) return
  payload.body = payload.content
  delete payload.content
})

export const blogSchema = (): Schema => ({
  current: Object.fromEntries([
    ['POST_PUBLISHED', 1],
    ['POST_BODY_CHANGED', 1],
    ['POST_TITLE_CHANGED', 1],
    ['POST_CREATED', 4],
  ]),
  upcasters: {
    'POST_EDITED@1': renameContent,
    'POST_EDITED@2': (old) =>
      (['title', 'body'] as const)
        .filter((field) => field in old.payload)
        .map((field) => ({
          ...old,
          eventId: `${old.eventId}:${field}`,
          eventType: `POST_${field.toUpperCase()}_CHANGED`,
          schemaVersion: 1,
          payload: { [field]: old.payload[field] },
        })),
    'POST_CREATED@1': rewrite((payload) => {
      payload.tags = []
    }),
    'POST_CREATED@2': renameContent,
    'POST_CREATED@3': rewrite((payload) => {
      const words = String(payload.author).split(' ')
      payload.authorLastName = words.length > 1 ? words.pop() : ''
      payload.authorFirstName = words.join(' ')
      delete payload.author
    }),
  },
})

export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  const post: Record<string, unknown> = {}
  let position = '0-0'
  for (;;) {
    const reply = await redis.xread('COUNT', 1000, 'STREAMS', `stream:entity:${postId}`, position)
    const entries = reply?.[0]?.[1]
    if (entries === undefined) break
    for (const [id, flat] of entries) {
      position = id
      for (const event of upcast(parsed(id, flat), blogSchema())) {
        Object.assign(post, event.payload)
        if (event.eventType === 'POST_CREATED') post.published = false
        if (event.eventType === 'POST_PUBLISHED') post.published = true
      }
    }
  }
  return position === '0-0' ? null : (post as unknown as Post)
}

function parsed(id: string, flat: string[]): BlogEvent {
  const get = (name: string) => {
    const at = flat.findIndex((text, i) => i % 2 === 0 && text === name)
    return at === -1 ? undefined : flat[at + 1]
  }
  return {
    id,
    eventId: get('eventId') as string,
    eventType: get('eventType') as string,
    timestamp: get('timestamp') as string,
    schemaVersion: Number.parseInt(get('schemaVersion') ?? '1', 10),
    payload: JSON.parse(get('payload') as string),
  }
}
