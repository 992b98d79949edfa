import { Exit, type ExitCode } from '../common/exit.ts'
import { inWords } from '../common/system-errors.ts'
import { self } from './command.ts'

export interface Ending {
  readonly code: ExitCode
  /** For the person at the screen; empty if there's nothing to say. */
  readonly sentence: string
}

interface Problem {
  readonly finding: string
  readonly remedy: string
}

/**
 * Turns anything that was thrown into one sentence and an exit code. `packagesProblem` is called only for unexpected
 * errors, because packages of another platform can fail anywhere, in their own words.
 */
export function endingOf(
  error: unknown,
  packagesProblem: () => Problem | undefined = () => undefined,
): Ending {
  if (!(error instanceof Error)) return unexpected(String(error))
  if (error.name === 'InterruptedError' || error.name === 'ExitPromptError') {
    return { code: Exit.interrupted, sentence: '' }
  }
  const code = codeCarriedBy(error)
  if (code !== undefined) return { code, sentence: error.message }
  const ofFile = ofSystem(error)
  if (ofFile !== undefined) return ofFile
  const problem = packagesProblem()
  if (problem !== undefined) return { code: Exit.machine, sentence: `${problem.finding} ${problem.remedy}` }
  return ofPackages(error) ?? unexpected(error.message)
}

/** An error whose message is meant for a user has a property with its exit code, whichever class it is. */
function codeCarriedBy(error: Error): ExitCode | undefined {
  if (!('exitCode' in error)) return undefined
  return [Exit.wrongUse, Exit.machine].find((code) => code === error.exitCode)
}

function ofPackages(error: NodeJS.ErrnoException): Ending | undefined {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const name = /package '([^']+)'/.exec(error.message)?.[1]
  if (name === undefined) return undefined
  const sentence = `The package ${name} isn't installed. Run "npm install" in the course's folder.`
  return { code: Exit.machine, sentence }
}

function ofSystem(error: NodeJS.ErrnoException): Ending | undefined {
  const why = error.syscall === undefined ? undefined : inWords(error.code)
  if (why === undefined) return undefined
  const what = error.path === undefined ? 'A file' : quotedIfSpaced(error.path)
  const sentence = `${what} can't be used: ${why}. Run "${self} doctor" to see what this machine lacks.`
  return { code: Exit.machine, sentence }
}

/** A path with a space is quoted, so that it's clear where it ends, and it isn't broken there. */
function quotedIfSpaced(path: string): string {
  return path.includes(' ') ? `"${path}"` : path
}

function unexpected(message: string): Ending {
  const where = 'Please report it on the issues page of the repository that you cloned'
  return {
    code: Exit.unexpected,
    sentence: `Something went wrong inside eventlings: ${firstLine(message)} ${where}; EVENTLINGS_DEBUG=1 shows the details.`,
  }
}

function firstLine(message: string): string {
  const line = message.trim().split('\n')[0] ?? ''
  return /[.!?]$/.test(line) ? line : `${line}.`
}
