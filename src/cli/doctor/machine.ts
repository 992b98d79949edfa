import { type Finding, fail, ok, warn } from './finding.ts'

/** In bytes: what a check takes at most, plus room for an editor. */
const megabyte = 1024 * 1024
const needed = 700 * megabyte

/**
 * `version` is `process.version`: v22.12.0. The program itself doesn't start on an older version; this reports an odd
 * one.
 */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  const remedy = 'Install the latest Node 20, 22, or 24 from https://nodejs.org.'
  if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
    return fail('Node', `Node ${version} is too old.`, remedy)
  }
  if (major === 21) return fail('Node', `Node ${version} isn't a long-term release.`, remedy)
  if (major % 2 === 1) return warn('Node', `Node ${version} isn't a long-term release.`, remedy)
  return ok('Node', `Node ${version}.`)
}

/**
 * `problem` is what the packages lack; with another platform's packages, everything that needs no check still works.
 */
export function packagesFinding(
  problem: { readonly finding: string; readonly remedy: string } | undefined,
): Finding {
  if (problem === undefined) return ok('Packages', 'All packages are installed for this platform.')
  return fail('Packages', problem.finding, problem.remedy)
}

/**
 * `available` is what programs may still use, `limit` what this process may use at most (a container's limit), in
 * bytes.
 */
export function memoryFinding({
  available,
  limit,
}: {
  readonly available: number
  readonly limit: number
}): Finding {
  const free = Math.round(Math.min(available, limit) / megabyte)
  const shown = free >= 2048 ? `${(free / 1024).toFixed(1)} GB` : `${free} MB`
  if (free * megabyte >= needed) return ok('Memory', `${shown} is free.`)
  return warn(
    'Memory',
    `Only ${shown} is free; a check may need ${needed / megabyte} MB.`,
    'Close other programs, or give the container or virtual machine more memory.',
  )
}
