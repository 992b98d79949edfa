import { findExecutable } from '../../src/redis/executables.ts'

/** Where Chromium is, for playwright: the full path of the first of its names that's on the PATH. */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  return findExecutable(['chromium', 'chromium-browser', 'google-chrome', 'chrome'], env)
}
