/** How long a snippet may run, in seconds. */
const SECONDS = 20

/** Aborts with `signal`, or when the time is up; the reason is a sentence. */
export function timeLimited(
  signal: AbortSignal | undefined,
  seconds = SECONDS,
): { readonly signal: AbortSignal; end(): void } {
  const ending = new AbortController()
  const stop = () => ending.abort('Stopped.')
  if (signal?.aborted === true) stop()
  signal?.addEventListener('abort', stop)
  const late = () => ending.abort(`Stopped, because it ran for more than ${seconds} seconds.`)
  const timer = setTimeout(late, seconds * 1_000)
  return {
    signal: ending.signal,
    end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    },
  }
}
