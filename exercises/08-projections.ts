// Lesson 08: projections. Read lessons/08-projections.md.
import type { Redis } from 'ioredis'
import type { StoredEvent } from '#built/07-concurrency'

export interface UserProjection {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly active: boolean
  readonly emailChanges: number
  readonly registeredAt: Date
  readonly version: number
}

// Tasks 1 and 2
export async function updateUserProjection(
  _redis: Redis,
  _stored: StoredEvent,
): Promise<'applied' | 'skipped'> {
  throw new Error('Not written yet: updateUserProjection')
}

// Task 3
export async function getUserProjection(_redis: Redis, _userId: string): Promise<UserProjection | null> {
  throw new Error('Not written yet: getUserProjection')
}
