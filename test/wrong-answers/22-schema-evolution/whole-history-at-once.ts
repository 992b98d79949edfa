// task: getPost
// diagnosis: with one command
import type { Redis } from 'ioredis'

export type Payload = Readonly<Record<string, unknown>>

/** An event of any version. `id` is its entry's id in the stream; two events made of one entry share it. */
export interface BlogEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly schemaVersion: number
  readonly timestamp: string
  readonly payload: Payload
}

/** One step, pure: an old event in; the event or events that say the same in the next version out. */
export type Upcaster = (old: BlogEvent) => readonly BlogEvent[]

/** `current`: the version of each living event type. `upcasters`: the steps that lead there, by `<eventType>@<version>`. */
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

/** An event that this program cannot read: of an unknown type, from the future, or with a step missing on its way. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError'
  readonly id: string
  readonly eventType: string
  readonly schemaVersion: number

  constructor(event: Pick<BlogEvent, 'id' | 'eventType' | 'schemaVersion'>) {
    super(`Entry ${event.id}: this program cannot read ${event.eventType}, version ${event.schemaVersion}`)
    this.id = event.id
    this.eventType = event.eventType
    this.schemaVersion = event.schemaVersion
  }
}

/**
 * The event as today's program knows it: step by step, until there is no older version left.
 * @throws UnknownSchemaError
 */
export function upcast(event: BlogEvent, schema: Schema): readonly BlogEvent[] {
  if (schema.current[event.eventType] === event.schemaVersion) return [event]
  const step = schema.upcasters[`${event.eventType}@${event.schemaVersion}`]
  if (step === undefined) throw new UnknownSchemaError(event)
  return step(event).flatMap((next) => upcast(next, schema))
}

const BLOG: Schema = {
  current: { POST_CREATED: 4, POST_TITLE_CHANGED: 1, POST_BODY_CHANGED: 1, POST_PUBLISHED: 1 },
  upcasters: {
    'POST_CREATED@1': (old) => [next(old, { ...old.payload, tags: [] })],
    'POST_CREATED@2': (old) => [next(old, contentToBody(old.payload))],
    'POST_CREATED@3': (old) => [next(old, authorToNames(old.payload))],
    'POST_EDITED@1': (old) => [next(old, contentToBody(old.payload))],
    'POST_EDITED@2': splitEdit,
  },
}

/** What the blog's events look like today, and how the older ones get there. */
export function blogSchema(): Schema {
  return BLOG
}

/** The post as it is now; `null` if there is none. Reads only. @throws UnknownSchemaError */
export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  let post: Post | null = null
  let start = '-'
  for (;;) {
    const page = await redis.xrange(`stream:entity:${postId}`, start, '+')
    for (const entry of page) {
      for (const event of upcast(fromEntry(entry), BLOG)) post = applyPostEvent(post, event)
    }
    const last = page.at(-1)
    if (last === undefined) return post
    start = `(${last[0]}`
  }
}

function next(old: BlogEvent, payload: Payload): BlogEvent {
  return { ...old, schemaVersion: old.schemaVersion + 1, payload }
}

function contentToBody(payload: Payload): Payload {
  if (!('content' in payload)) return payload
  const { content, ...rest } = payload
  return { ...rest, body: content }
}

/** A guess: nobody asked "Ursula Le Guin" where her last name begins. */
function authorToNames({ author, ...rest }: Payload): Payload {
  const name = String(author)
  const space = name.lastIndexOf(' ')
  if (space === -1) return { ...rest, authorFirstName: name, authorLastName: '' }
  return { ...rest, authorFirstName: name.slice(0, space), authorLastName: name.slice(space + 1) }
}

/** Each part gets an id of its own, and the same at every read: else whoever drops doubles would drop the second part. */
function splitEdit(old: BlogEvent): readonly BlogEvent[] {
  const { title, body } = old.payload
  const part = (name: string, eventType: string, payload: Payload): BlogEvent => {
    return { ...old, eventId: `${old.eventId}:${name}`, eventType, schemaVersion: 1, payload }
  }
  return [
    ...(title === undefined ? [] : [part('title', 'POST_TITLE_CHANGED', { title })]),
    ...(body === undefined ? [] : [part('body', 'POST_BODY_CHANGED', { body })]),
  ]
}

/** Knows today's events only: all that was different once ends at `upcast`. */
function applyPostEvent(post: Post | null, event: BlogEvent): Post | null {
  if (event.eventType === 'POST_CREATED') return { ...(event.payload as unknown as Post), published: false }
  if (post === null) return null
  switch (event.eventType) {
    case 'POST_TITLE_CHANGED':
      return { ...post, title: event.payload.title as string }
    case 'POST_BODY_CHANGED':
      return { ...post, body: event.payload.body as string }
    case 'POST_PUBLISHED':
      return { ...post, published: true }
    default:
      throw new UnknownSchemaError(event)
  }
}

function fromEntry([id, flat]: readonly [string, readonly string[]]): BlogEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? ''
  return {
    id,
    eventId: fields.eventId ?? '',
    eventType: fields.eventType ?? '',
    schemaVersion: Number(fields.schemaVersion ?? 1), // the first events were written before anybody counted
    timestamp: fields.timestamp ?? '',
    payload: JSON.parse(fields.payload ?? '{}'),
  }
}
