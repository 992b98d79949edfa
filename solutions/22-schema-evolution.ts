import type { Redis } from 'ioredis'

export type Payload = Readonly<Record<string, unknown>>

/** An event of any version. `id` is the ID of its entry in the stream; two events from one entry share it. */
export interface BlogEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly schemaVersion: number
  readonly timestamp: string
  readonly payload: Payload
}

/** Converts an old event to the event or events with the same meaning in the next version. A pure function. */
export type Upcaster = (old: BlogEvent) => readonly BlogEvent[]

/** `current`: the version of each current event type. `upcasters`: the steps to get there, by `<eventType>@<version>`. */
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

/** This program can't read the event: its type is unknown, its version is from the future, or a step is missing. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError'
  readonly id: string
  readonly eventType: string
  readonly schemaVersion: number

  constructor(event: Pick<BlogEvent, 'id' | 'eventType' | 'schemaVersion'>) {
    super(`Entry ${event.id}: this program can't read ${event.eventType}, version ${event.schemaVersion}`)
    this.id = event.id
    this.eventType = event.eventType
    this.schemaVersion = event.schemaVersion
  }
}

const PAGE_SIZE = 500

/**
 * Converts an event to the current version step by step, including every event it turns into on the way.
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

/** Returns the current versions of the blog's events, and the steps that lead there. */
export function blogSchema(): Schema {
  return BLOG
}

/** Returns the post as it is now, or `null` if there isn't one. Only reads. @throws UnknownSchemaError */
export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  let post: Post | null = null
  let start = '-'
  for (;;) {
    const page = await redis.xrange(`stream:entity:${postId}`, start, '+', 'COUNT', PAGE_SIZE)
    for (const entry of page) {
      for (const event of upcast(fromEntry(entry), BLOG)) post = applyPostEvent(post, event)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) return post
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

/** A guess: no one asked "Ursula Le Guin" where her last name begins. */
function authorToNames({ author, ...rest }: Payload): Payload {
  const name = String(author)
  const space = name.lastIndexOf(' ')
  if (space === -1) return { ...rest, authorFirstName: name, authorLastName: '' }
  return { ...rest, authorFirstName: name.slice(0, space), authorLastName: name.slice(space + 1) }
}

/** Gives each part its own ID, the same on every read. Otherwise a consumer that drops duplicates drops the second part. */
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

/** Handles current events only, because `upcast` has converted all others. */
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
    schemaVersion: Number(fields.schemaVersion ?? 1), // the first events were written before there were versions
    timestamp: fields.timestamp ?? '',
    payload: JSON.parse(fields.payload ?? '{}'),
  }
}
