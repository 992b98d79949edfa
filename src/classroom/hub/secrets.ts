import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { ClassInfo } from './class-info.ts'

/** Letters that can't be mistaken for each other on a projector. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const CODE_LENGTH = 6

/** What learners type: some 900 million possibilities, and wrong ones are slowed down. */
export function newJoinCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** As it was meant: `k7 qx-2m` is K7QX2M. */
export function readCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '')
}

/** For the instructor's pages, and for making tokens: 144 bits, without characters that need quoting. */
export function newSecret(): string {
  return randomBytes(18).toString('base64url')
}

/** Equality, found in a time that reveals nothing about where they differ. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(
    createHash('sha256').update(one).digest(),
    createHash('sha256').update(other).digest(),
  )
}

/**
 * What a participant uses to prove who they are. It's computed, not stored: a hub that has lost all its data can
 * verify it again, and a copy of its data lets no one in without the class's key.
 */
export function tokenFor(key: string, learner: string): string {
  return `${learner}.${createHmac('sha256', key).update(learner).digest('base64url')}`
}

/** What a browser has as a cookie once its instructor is logged in: void as soon as all browsers are logged out. */
export function sessionOf({ key, loggedOutAt = '' }: Pick<ClassInfo, 'key' | 'loggedOutAt'>): string {
  return createHmac('sha256', key).update(`instructor ${loggedOutAt}`).digest('base64url')
}

/** The participant that the token belongs to; undefined for a token from elsewhere. */
export function learnerOf(key: string, token: string): string | undefined {
  const [learner = ''] = token.split('.', 1)
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(learner)) return undefined
  return isSame(token, tokenFor(key, learner)) ? learner : undefined
}
