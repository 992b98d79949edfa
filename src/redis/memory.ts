import type { Explanation } from './connect-problem.ts'

/** Maximum data of a check, in bytes: several times what the largest lesson needs. */
const NEEDED = 16 * 1024 * 1024

const ELSEWHERE = 'or use another Redis with `--redis`.'

/**
 * What the memory limit of a borrowed Redis would do to a check, read from its INFO, which works even where CONFIG is
 * denied. `undefined` when the limit doesn't affect checks, or when INFO doesn't mention it.
 */
export function memoryProblem(info: string, place: string): Explanation | undefined {
  const limit = numberIn(info, 'maxmemory')
  if (limit === undefined || limit === 0) return undefined
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  if (policy !== 'noeviction') {
    return {
      problem: `The Redis at ${place} may delete keys when its memory is full (maxmemory-policy ${policy}), so events could disappear in the middle of a check.`,
      remedy: `Run CONFIG SET maxmemory-policy noeviction there, ${ELSEWHERE}`,
    }
  }
  const free = limit - (numberIn(info, 'used_memory') ?? 0)
  if (free >= NEEDED) return undefined
  return {
    problem: `The Redis at ${place} has ${megabytes(Math.max(free, 0))} of memory left (maxmemory is ${megabytes(limit)}), but a check may need ${megabytes(NEEDED)}.`,
    remedy: `Raise maxmemory or delete data there, ${ELSEWHERE}`,
  }
}

function numberIn(info: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]
  return found === undefined ? undefined : Number(found)
}

function megabytes(bytes: number): string {
  const count = bytes / 1024 / 1024
  return `${count >= 10 ? Math.floor(count) : Math.floor(count * 10) / 10} MB`
}
