import type { Redis } from 'ioredis'
import type { SentCommand } from '../context.ts'

/** Libraries of functions that were on a borrowed server before us, if known. Their owner still needs them. */
let ofOthers: ReadonlySet<string> | undefined

/** Call this before any answer runs. */
export async function rememberLibraries(admin: Redis): Promise<void> {
  ofOthers ??= new Set(namesIn(await admin.call('FUNCTION', 'LIST')))
}

/**
 * Deletes the libraries that an answer loaded into a borrowed server, where FUNCTION FLUSH would delete other
 * people's too. Costs nothing if no library was loaded.
 */
export async function deleteLoadedLibraries(admin: Redis, sent: readonly SentCommand[]): Promise<void> {
  if (ofOthers === undefined) return
  const loaded = sent.flatMap(({ name, args, reply }) =>
    name === 'FUNCTION' && /^load$/i.test(args[0] ?? '') && typeof reply === 'string' ? [reply] : [],
  )
  for (const library of new Set(loaded)) {
    if (ofOthers.has(library)) continue // it was there before and was loaded again with REPLACE
    await admin.call('FUNCTION', 'DELETE', library).catch(() => {}) // the answer may have deleted it already
  }
}

/** `FUNCTION LIST` replies with flat maps: `library_name`, the name, and so on. */
function namesIn(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) return []
  return reply.flatMap((library: unknown) => {
    if (!Array.isArray(library)) return []
    const name: unknown = library[library.indexOf('library_name') + 1]
    return typeof name === 'string' ? [name] : []
  })
}
