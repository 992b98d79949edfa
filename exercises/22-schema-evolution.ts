// Lesson 22: schema evolution. Read lessons/22-schema-evolution.md; the types and the error stay as they are.
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

// Task 1
export function upcast(_event: BlogEvent, _schema: Schema): readonly BlogEvent[] {
  throw new Error('Not written yet: upcast')
}

// Task 2
export function blogSchema(): Schema {
  throw new Error('Not written yet: blogSchema')
}

// Task 3
export async function getPost(_redis: Redis, _postId: string): Promise<Post | null> {
  throw new Error('Not written yet: getPost')
}
