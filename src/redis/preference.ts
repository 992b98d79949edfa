import { BadPreferenceError } from './errors.ts'
import type { RedisPreference } from './types.ts'

const NAMES = ['auto', 'container', 'binary', 'embedded'] as const

/**
 * Reads what `--redis` or `EVENTLINGS_REDIS` says: a source's name, or the address of a Redis.
 * Throws `BadPreferenceError`, whose message never repeats a password.
 */
export function parsePreference(text: string): RedisPreference {
  const trimmed = text.trim()
  const name = NAMES.find((candidate) => candidate === trimmed.toLowerCase())
  if (name !== undefined) return name
  if (isRedisUrl(trimmed)) return checkedUrl(trimmed)
  throw new BadPreferenceError(trimmed, problemWith(trimmed))
}

function isRedisUrl(text: string): text is `redis://${string}` | `rediss://${string}` {
  return text.startsWith('redis://') || text.startsWith('rediss://')
}

function checkedUrl(text: `redis://${string}` | `rediss://${string}`): RedisPreference {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') {
    throw new BadPreferenceError(text, 'The address of Redis cannot be read: it needs at least a host.')
  }
  if (!decodes(url.username) || !decodes(url.password)) {
    throw new BadPreferenceError(
      text,
      'The password in the address of Redis has a % that should be written %25.',
    )
  }
  if (!/^\/?\d*$/.test(url.pathname)) {
    throw new BadPreferenceError(
      text,
      `The address of Redis ends in "${url.pathname}", which is no database number.`,
    )
  }
  return text
}

function decodes(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

function problemWith(text: string): string {
  if (text === '') return 'The source of Redis is empty.'
  const scheme = /^([a-z][a-z+.-]*):\/\//i.exec(text)?.[1]
  if (scheme !== undefined) return `"${scheme}://" is no address of a Redis.`
  if (/^[\w.-]+:\d+/.test(text)) return 'The address of Redis lacks its beginning, "redis://".'
  if (text.includes('@')) return 'The address of Redis lacks its beginning, "redis://".' // and may have a password
  return `"${text}" is no source of Redis.`
}
