import type { SentCommand } from '../context.ts'

/** This many commands in a row without a pause are a loop that keeps Redis and a processor core busy for nothing. */
const MANY = 40
/** No timer pauses for less than this (ms). */
const PAUSE_MS = 1

/**
 * Whether these commands came one after the other, as fast as Redis answered. The sign is that nothing paused,
 * neither between a reply and the next command nor in a read that blocks. On a busy machine everything is slow, but a
 * loop without a pause still has none.
 */
export function isBusyPolling(commands: readonly SentCommand[]): boolean {
  if (commands.length < MANY) return false
  let pauses = 0
  let answered = Number.POSITIVE_INFINITY
  for (const command of commands) {
    if (command.issuedAt - answered >= PAUSE_MS || blocks(command)) pauses += 1
    answered = command.answeredAt ?? Number.POSITIVE_INFINITY
  }
  return pauses < commands.length / 10
}

function blocks({ args }: SentCommand): boolean {
  const at = args.findIndex((arg) => arg.toUpperCase() === 'BLOCK')
  return at !== -1 && args[at + 1] !== undefined
}
