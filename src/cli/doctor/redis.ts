import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { sentenceOf } from '../../common/errors.ts'
import { isPackaged } from '../../common/own-folder.ts'
import { readAddress } from '../../redis/address.ts'
import { findEngine } from '../../redis/container-engine.ts'
import { hasImage, imageName } from '../../redis/container-image.ts'
import { type EnginePlace, noEngineAnswers } from '../../redis/engine-places.ts'
import { findRedisServer } from '../../redis/executables.ts'
import { parsePreference } from '../../redis/preference.ts'
import { isTooOld, OLDEST_VERSION, type ServerVersion, shortName } from '../../redis/version.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Every possible source of a Redis, without starting anything. */
export async function redisFindings(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const installed = await server(env)
  const engine = await container(env, installed.state === 'ok')
  const findings = [...wished(env), ...engine, installed, embedded()]
  const real = findings.some(
    ({ name, state }) => state === 'ok' && (name === 'Image' || name === 'redis-server'),
  )
  return real ? findings : [...findings, onlyEmbedded()]
}

function wished(env: NodeJS.ProcessEnv): readonly Finding[] {
  const text = env.EVENTLINGS_REDIS?.trim()
  if (!text) return []
  try {
    const wish = parsePreference(text)
    return [ok('EVENTLINGS_REDIS', `It asks for ${wish.includes('://') ? shownAddress(wish) : wish}.`)]
  } catch (error) {
    const problem = sentenceOf(error)
    return [fail('EVENTLINGS_REDIS', problem, 'Correct the variable, or remove it.')]
  }
}

/** Without the password, and without the user name, which may be secret, too. */
function shownAddress(url: string): string {
  const { place, database } = readAddress(url)
  return `database ${database} of the Redis at ${place}`
}

async function container(env: NodeJS.ProcessEnv, hasServer: boolean): Promise<readonly Finding[]> {
  const engine = await findEngine(env)
  if (engine === undefined) {
    const finding = noEngineAnswers(env)
    if (hasServer && !env.DOCKER_HOST && !env.DOCKER_CONTEXT) {
      return [ok('Container engine', `${finding} redis-server works just as well.`)]
    }
    return [
      warn(
        'Container engine',
        finding,
        'Start one if you have it; redis-server or the embedded Redis works, too.',
      ),
    ]
  }
  const image = imageName(env)
  const isThere = await hasImage(engine, image).catch(() => false)
  return [
    ok('Container engine', `${engine.product} answers at ${engine.place.dockerHost}${by(engine.place)}.`),
    isThere
      ? ok('Image', `${image} is available locally.`)
      : warn(
          'Image',
          `${image} isn't available locally; the first check downloads it.`,
          `To work offline, load it beforehand, or name a local image in EVENTLINGS_IMAGE.`,
        ),
  ]
}

function by({ namedBy }: EnginePlace): string {
  return namedBy === undefined ? '' : ` (${namedBy})`
}

async function server(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'redis-server'
  const file = findRedisServer(env)
  const install =
    'Install it: apt install redis-server, brew install redis, or see https://redis.io/downloads.'
  if (file === undefined) return warn(name, 'Neither redis-server nor valkey-server is on the PATH.', install)
  const version = await promisify(execFile)(file, ['--version'], { timeout: 5_000 }).then(
    ({ stdout }) => versionOnCommandLine(stdout),
    () => undefined,
  )
  if (version === undefined) return warn(name, `${file} doesn't report its version.`, install)
  if (isTooOld(version))
    return warn(name, `${shortName(version)} at ${file} is older than ${OLDEST_VERSION}.`, install)
  return ok(name, `${shortName(version)} at ${file}.`)
}

/** Reads `redis-server --version`: `Redis server v=7.0.15 sha=…`. */
export function versionOnCommandLine(printed: string): ServerVersion | undefined {
  const [, name, version] = /\b(Redis|Valkey) server v=?\s*(\d[\d.]*\d)/i.exec(printed) ?? []
  if (name === undefined || version === undefined) return undefined
  return { product: name.toLowerCase() === 'valkey' ? 'Valkey' : 'Redis', version }
}

function embedded(): Finding {
  try {
    if (!isPackaged) createRequire(import.meta.url).resolve('js-redis-server')
    return ok('Embedded Redis', 'It comes with the course and needs nothing else.')
  } catch {
    return fail('Embedded Redis', "Its package isn't installed.", `Run "npm install" in the course's folder.`)
  }
}

function onlyEmbedded(): Finding {
  return warn(
    'Redis',
    'The embedded Redis will be used. It supports everything except persistence, clusters, and the memory size of a stream.',
    'Install redis-server for the lessons about those.',
  )
}
