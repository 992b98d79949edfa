// Lesson 15: commands and queries. Read lessons/15-cqrs.md. The types and errors below are yours to use; leave them as they are.
import type { Redis } from 'ioredis'

export interface RegisterUserCommand {
  readonly name: string
  readonly email: string
}

/** `token` is the position that a read model has to reach before it includes this user. */
export interface Receipt {
  readonly userId: string
  readonly token: string
}

export interface GetUserQuery {
  readonly userId: string
  readonly token?: string
}

export interface UserView {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly registeredAt: string
}

export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError'
  readonly field: string

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`)
    this.field = field
  }
}

export class EmailTakenError extends Error {
  override readonly name = 'EmailTakenError'
  readonly email: string

  constructor(email: string) {
    super(`${email} already belongs to a user`)
    this.email = email
  }
}

/** The read model hadn't reached the token when the time was up. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError'
  readonly token: string
  readonly position: string | null

  constructor(token: string, position: string | null) {
    super(`The read model is at ${position ?? 'its beginning'}, not yet at ${token}`)
    this.token = token
    this.position = position
  }
}

// Task 1
export async function handleRegisterUserCommand(
  _redis: Redis,
  _command: RegisterUserCommand,
  _clock: () => Date,
): Promise<Receipt> {
  throw new Error('Not written yet: handleRegisterUserCommand')
}

// Task 2
export async function updateProjections(_redis: Redis): Promise<number> {
  throw new Error('Not written yet: updateProjections')
}

// Tasks 3 and 4
export async function handleGetUserQuery(
  _redis: Redis,
  _query: GetUserQuery,
  _signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> {
  throw new Error('Not written yet: handleGetUserQuery')
}
