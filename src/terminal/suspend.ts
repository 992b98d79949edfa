import { lendTerminal } from './hold-keys.ts'

/** A moment in which the system stops this process; it goes on counting only when the process continues. */
const STOPPING_MS = 50

/** Windows has no jobs. */
export const CAN_SUSPEND = process.platform !== 'win32'

/**
 * Stops the program as Ctrl-Z does in other programs, and resolves when `fg` continues it. The whole job is stopped,
 * because the shell waits for npm, which started us.
 */
export async function suspend(input: object): Promise<void> {
  if (!CAN_SUSPEND) return
  await lendTerminal(input, async () => {
    process.kill(0, 'SIGTSTP')
    await new Promise((resolve) => setTimeout(resolve, STOPPING_MS))
  })
}

/**
 * The same while `node:readline` reads the keys. It also handles Ctrl-Z, but stops only this process; that signal is
 * ignored, and it's told to draw again. Then it pauses the reader, which would end the program. Returns whether there's
 * anything to wait for: Windows has no jobs.
 */
export function suspendBesideReadline(
  input: object & { resume(): unknown },
  reader: { resume(): unknown } = input,
): boolean {
  if (!CAN_SUSPEND) return false
  const ignore = () => {}
  const stopped = lendTerminal(input, async () => {
    process.kill(0, 'SIGTSTP')
    process.on('SIGTSTP', ignore)
    await new Promise((resolve) => setTimeout(resolve, STOPPING_MS))
  })
  void stopped.then(() => {
    process.off('SIGTSTP', ignore)
    process.kill(process.pid, 'SIGCONT')
    setTimeout(() => void reader.resume(), STOPPING_MS)
  })
  return true
}
