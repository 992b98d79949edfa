import { spawn } from 'node:child_process'

/**
 * Shows an address in the reader's browser, if there's a screen and a program to open it with. Whether it worked
 * isn't known, so the address is printed anyway.
 */
export function openBrowser(address: string, env: NodeJS.ProcessEnv): void {
  const call = opener(address, env)
  if (call === undefined) return
  const [program, ...args] = call
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env })
  child.once('error', () => {})
  child.unref()
}

function opener(address: string, env: NodeJS.ProcessEnv): readonly [string, ...string[]] | undefined {
  switch (process.platform) {
    case 'darwin':
      return ['open', address]
    case 'win32':
      return ['rundll32', 'url.dll,FileProtocolHandler', address]
    default:
      // Without a screen (over ssh, in a container) a browser would start in the terminal.
      return (env.DISPLAY ?? env.WAYLAND_DISPLAY) ? ['xdg-open', address] : undefined
  }
}
