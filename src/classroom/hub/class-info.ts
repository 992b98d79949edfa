/**
 * What a class is, and what its hubs need in order to let people in. The same in Redis and in the instructor's own
 * file.
 */
export interface ClassInfo {
  readonly id: string
  readonly name: string
  readonly openedAt: string
  readonly joinCode: string
  /** The key for making tokens. */
  readonly key: string
  /** SHA-256 of the instructor's secret. */
  readonly secretHash: string
  readonly track?: string | undefined
  /** When all browsers were last logged out, ISO 8601. */
  readonly loggedOutAt?: string | undefined
}

/** As a Redis hash. */
export function classInfoToHash(classInfo: ClassInfo): Readonly<Record<string, string>> {
  const { track, loggedOutAt, ...rest } = classInfo
  return { ...rest, ...(track !== undefined && { track }), ...(loggedOutAt !== undefined && { loggedOutAt }) }
}

/** Undefined if the hash doesn't describe a class, because it doesn't exist. */
export function classInfoFromHash(hash: Readonly<Record<string, string>>): ClassInfo | undefined {
  const { id, name, openedAt, joinCode, key, secretHash, track, loggedOutAt } = hash
  if (!id || name === undefined || !openedAt || !joinCode || !key || !secretHash) return undefined
  const optional = {
    ...(track !== undefined && { track }),
    ...(loggedOutAt !== undefined && { loggedOutAt }),
  }
  return { id, name, openedAt, joinCode, key, secretHash, ...optional }
}
