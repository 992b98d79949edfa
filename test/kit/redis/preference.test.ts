import { describe, expect, test } from 'vitest'
import { BadPreferenceError, parsePreference } from '../../../src/redis/index.ts'

describe('parsePreference', () => {
  test.each(['auto', 'container', 'binary', 'embedded'])('knows the source %s', (name) => {
    expect(parsePreference(name)).toBe(name)
    expect(parsePreference(` ${name.toUpperCase()} `)).toBe(name)
  })

  test.each(['redis://localhost', 'redis://:p%40ss@db.example:6380/3', 'rediss://me:secret@[::1]:6379/0'])(
    'takes the address %s as it is',
    (url) => {
      expect(parsePreference(url)).toBe(url)
    },
  )

  test.each([
    ['', 'The source of Redis is empty.'],
    ['docker', '"docker" is no source of Redis.'],
    ['localhost:6379', 'lacks its beginning, "redis://"'],
    ['http://localhost:6379', '"http://" is no address of a Redis.'],
    ['redis://', 'it needs at least a host'],
    ['redis://localhost/events', 'ends in "/events", which is no database number'],
    ['redis://:50%off@localhost', 'has a % that should be written %25'],
  ])('refuses %j with a sentence and the choices', (text, sentence) => {
    expect(() => parsePreference(text)).toThrow(BadPreferenceError)
    expect(() => parsePreference(text)).toThrow(sentence)
    expect(() => parsePreference(text)).toThrow('Write auto, container, binary, embedded, or an address')
  })

  test.each([
    'redis://:hunter2@localhost/events',
    'http://me:hunter2@localhost',
    'redis://:hunter2@',
    ':hunter2@localhost:6379',
  ])('never repeats the password of %s', (text) => {
    expect(sentenceFor(text)).not.toContain('hunter2')
  })
})

function sentenceFor(text: string): string {
  try {
    return parsePreference(text)
  } catch (error) {
    return String(error)
  }
}
