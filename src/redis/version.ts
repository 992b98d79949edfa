/**
 * The oldest Redis on which every answer can pass: earlier versions keep deleted entries pending in `XAUTOCLAIM`, and
 * have no functions.
 */
export const OLDEST_VERSION = '7.0'

export interface ServerVersion {
  readonly product: 'Redis' | 'Valkey'
  /** '7.0.15' */
  readonly version: string
}

/** Reads the line that a server writes first: `Redis version=7.0.15, …`, `Valkey version=8.0.1, …`. */
export function versionInLog(log: string): ServerVersion | undefined {
  const found = /\b(Redis|Valkey) version=(\d[\d.]*\d)/.exec(log)
  return found?.[1] && found[2] ? { product: productNamed(found[1]), version: found[2] } : undefined
}

/** Reads the reply of `INFO server`; Valkey also reports a Redis version there, for old clients. */
export function versionInInfo(info: string): ServerVersion | undefined {
  const valkey = /^valkey_version:(\d[\d.]*\d)/m.exec(info)?.[1]
  if (valkey !== undefined) return { product: 'Valkey', version: valkey }
  const redis = /^redis_version:(\d[\d.]*\d)/m.exec(info)?.[1]
  return redis === undefined ? undefined : { product: 'Redis', version: redis }
}

function productNamed(name: string): ServerVersion['product'] {
  return name.toLowerCase() === 'valkey' ? 'Valkey' : 'Redis'
}

/** Valkey began at 7.2, so its own numbers are never too old. */
export function isTooOld({ product, version }: ServerVersion): boolean {
  if (product === 'Valkey') return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION.split('.').map(Number)
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}

/** 'Redis 7.0.15' */
export function fullName({ product, version }: ServerVersion): string {
  return `${product} ${version}`
}

/** 'Redis 7.0': what people call it. */
export function shortName({ product, version }: ServerVersion): string {
  return `${product} ${version.split('.').slice(0, 2).join('.')}`
}
