/** A moment in which the system stops this process; it goes on counting only when the process continues. */
const STOPPING_MS = 50

/**
 * Stops the program as Ctrl-Z does in other programs, and resolves when `fg` continues it. The whole job is stopped,
 * because the shell waits for npm, which started us.
 */
export async function suspend(): Promise<void> {
  if (process.platform === 'win32') return // there are no jobs
  process.kill(0, 'SIGTSTP')
  await new Promise((resolve) => setTimeout(resolve, STOPPING_MS))
}

/**
 * The same while `node:readline` reads the keys. It also handles Ctrl-Z, but stops only this process; that signal is
 * ignored, and it's told to draw again. Then it pauses the input, which would end the program.
 */
export function suspendBesideReadline(input: { resume(): unknown }): void {
  if (process.platform === 'win32') return
  process.kill(0, 'SIGTSTP')
  const ignore = () => {}
  process.on('SIGTSTP', ignore)
  setTimeout(() => {
    process.off('SIGTSTP', ignore)
    process.kill(process.pid, 'SIGCONT')
    setTimeout(() => void input.resume(), STOPPING_MS)
  }, STOPPING_MS)
}
