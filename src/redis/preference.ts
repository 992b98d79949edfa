import { BadPreferenceError } from './errors.ts'
import type { RedisPreference } from './types.ts'

const NAMES = ['auto', 'container', 'binary', 'embedded'] as const

/**
 * Reads the value of `--redis` or `EVENTLINGS_REDIS`: a source's name, or the address of a Redis. Throws
 * `BadPreferenceError`, whose message never repeats what may be part of a password.
 */
export function parsePreference(text: string): RedisPreference {
  const trimmed = text.trim()
  const name = NAMES.find((candidate) => candidate === trimmed.toLowerCase())
  if (name !== undefined) return name
  const problem = isRedisUrl(trimmed) ? problemWithUrl(trimmed) : problemWith(trimmed)
  if (problem !== undefined) throw new BadPreferenceError(problem)
  return trimmed as RedisPreference
}

function isRedisUrl(text: string): text is `redis://${string}` | `rediss://${string}` {
  return text.startsWith('redis://') || text.startsWith('rediss://')
}

/**
 * Characters that end the part of a URL that contains the password: what follows would be read as a host or a path.
 */
const ENDS_THE_LOGIN = /[/?#]/

function problemWithUrl(text: string): string | undefined {
  const rest = text.slice(text.indexOf('://') + 3)
  const at = rest.lastIndexOf('@')
  const character = ENDS_THE_LOGIN.exec(rest.slice(0, Math.max(at, 0)))?.[0]
  if (character !== undefined) {
    return `The password in the Redis address contains a ${character}. Write it as ${encodeURIComponent(character)}.`
  }
  if (/[\t\r\n]/.test(text)) {
    return 'The Redis address contains a tab or a line break. In a password, write a tab as %09 and a line break as %0A.'
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') return unreadable(rest.slice(at + 1))
  if (!decodes(url.username) || !decodes(url.password)) {
    return 'The password in the Redis address contains a %. Write it as %25.'
  }
  if (url.search !== '' || url.hash !== '') {
    return 'The Redis address continues after the database number. Leave out the ? or # and everything after it.'
  }
  if (!/^\/?\d*$/.test(url.pathname)) {
    return "The Redis address doesn't end in a database number. Write a number after the last /, or nothing."
  }
  return undefined
}

function unreadable(afterLogin: string): string {
  return /^[\da-f]*:[\da-f]*:[\da-f:.]*(\/\d*)?$/i.test(afterLogin)
    ? 'The Redis address has an IPv6 address without brackets. Write it as redis://[::1]:6379.'
    : "The Redis address isn't valid. It needs at least a host, and its form is redis://USER:PASSWORD@HOST:PORT/DATABASE."
}

function decodes(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

const NO_BEGINNING = `The Redis address doesn't start with "redis://".`

function problemWith(text: string): string {
  if (text === '') return 'The Redis source is empty.'
  const scheme = /^([a-z][a-z+.-]*):\/\//i.exec(text)?.[1]
  if (scheme !== undefined) return `"${scheme}://" isn't how a Redis address starts.`
  if (/[@:]/.test(text)) return NO_BEGINNING // and it may contain a password
  return /^[a-z-]{1,20}$/i.test(text) ? `"${text}" isn't a Redis source.` : "That isn't a Redis source."
}
