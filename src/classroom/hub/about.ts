/** What a class is, and what its hubs must know to let people in. The same in Redis and in the instructor's own file. */
export interface About {
  readonly id: string
  readonly name: string
  readonly openedAt: string
  readonly joinCode: string
  /** Tokens are made with it. */
  readonly key: string
  /** SHA-256 of the instructor's secret. */
  readonly secretHash: string
  readonly track?: string | undefined
}

/** As a hash of Redis. */
export function aboutToHash(about: About): Readonly<Record<string, string>> {
  const { track, ...rest } = about
  return { ...rest, ...(track !== undefined && { track }) }
}

/** Undefined for a hash that is none: there is no such class. */
export function aboutFromHash(hash: Readonly<Record<string, string>>): About | undefined {
  const { id, name, openedAt, joinCode, key, secretHash, track } = hash
  if (!id || name === undefined || !openedAt || !joinCode || !key || !secretHash) return undefined
  return { id, name, openedAt, joinCode, key, secretHash, ...(track !== undefined && { track }) }
}
