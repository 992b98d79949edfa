import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redisFindings } from '../../../src/cli/doctor/redis.ts'
import { readAddress } from '../../../src/redis/address.ts'
import { BadPreferenceError, parsePreference, startRedis } from '../../../src/redis/index.ts'

describe('parsePreference', () => {
  test.each(['auto', 'container', 'binary', 'embedded'])('knows the source %s', (name) => {
    expect(parsePreference(name)).toBe(name)
    expect(parsePreference(` ${name.toUpperCase()} `)).toBe(name)
  })

  test.each([
    'redis://localhost',
    'redis://:p%40ss@db.example:6380/3',
    'redis://:p@ss@db.example:6380/3',
    'rediss://me:secret@[::1]:6379/0',
  ])('takes the address %s as it is', (url) => {
    expect(parsePreference(url)).toBe(url)
  })

  test.each([
    ['', 'The Redis source is empty.'],
    ['docker', '"docker" isn\'t a Redis source.'],
    ['localhost:6379', `doesn't start with "redis://"`],
    ['http://localhost:6379', '"http://" isn\'t how a Redis address starts.'],
    ['redis://', 'It needs at least a host'],
    ['redis://localhost:99999', 'its form is redis://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['redis://::1:6379/2', 'Write it as redis://[::1]:6379.'],
    ['redis://localhost/events', "doesn't end in a database number"],
    ['redis://localhost/1?tls=true', 'continues after the database number'],
    ['redis://:50%off@localhost', 'The password in the Redis address contains a %. Write it as %25.'],
    ['redis://:p@ss/w:rd%@127.0.0.1:6379/1', 'contains a /. Write it as %2F.'],
    ['redis://:what?@127.0.0.1:6379/1', 'contains a ?. Write it as %3F.'],
    ['redis://me:#1@127.0.0.1', 'contains a #. Write it as %23.'],
  ])('refuses %j with a sentence and the choices', (text, sentence) => {
    expect(() => parsePreference(text)).toThrow(BadPreferenceError)
    expect(() => parsePreference(text)).toThrow(sentence)
    expect(() => parsePreference(text)).toThrow('Write auto, container, binary, embedded, or an address')
  })
})

/** Passwords made of unique words, and of every character with a meaning in an address. */
const words = ['Xq7', 'Zk9', 'Wv4', 'Yj2']
const password = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...'@:/?#%[]\\ "\'{}|^`<>&=+~.,;!$*()\t')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
  .filter((text) => words.some((word) => text.includes(word)))

/** Right and wrong ways to write an address with a password. */
const address = password.chain((secret) =>
  fc.constantFrom(
    `redis://:${secret}@127.0.0.1:1/1`,
    `rediss://me:${secret}@127.0.0.1:1`,
    `redis://me:${encodeURIComponent(secret)}@127.0.0.1:1/1`,
    `redis://:${secret}@127.0.0.1:1/events`,
    `redis://:${secret}@127.0.0.1:1/1?timeout=5`,
    `redis://:${secret}@[::1]:1/1`,
    `redis://:${secret}@`,
    `:${secret}@127.0.0.1:1`,
    `me:${secret}@127.0.0.1:1/1`,
    `http://me:${secret}@127.0.0.1:1`,
    `redis:${secret}@127.0.0.1:1`,
    `redis://127.0.0.1:1/1?password=${secret}`,
  ),
)

async function sentencesFor(text: string): Promise<string> {
  const findings = await redisFindings({
    PATH: '/nowhere',
    DOCKER_HOST: 'tcp://127.0.0.1:1',
    EVENTLINGS_REDIS: text,
  })
  try {
    // Nothing listens there, so this always fails.
    await startRedis(parsePreference(text), { env: {} })
    return 'It was accepted.'
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const all = [
      error.message,
      error.stack,
      JSON.stringify(error),
      ...findings.map((one) => JSON.stringify(one)),
    ]
    return all.join('\n')
  }
}

describe('a password', () => {
  test('never shows in a message about an address, nor in doctor', async () => {
    await fc.assert(
      fc.asyncProperty(address, async (text) => {
        const said = await sentencesFor(text)
        expect(words.filter((word) => said.includes(word))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('is either read as intended, or refused', () => {
    fc.assert(
      fc.property(password, (secret) => {
        try {
          const read = readAddress(parsePreference(`redis://me:${secret}@127.0.0.1:1/1`))
          expect(read).toMatchObject({ host: '127.0.0.1', port: 1, username: 'me', database: 1 })
          // What looks like an escape sequence is one.
          if (!/%[\da-f]{2}/i.test(secret)) expect(read.password).toBe(secret)
        } catch (error) {
          expect(error).toBeInstanceOf(BadPreferenceError)
        }
      }),
    )
  })
})
