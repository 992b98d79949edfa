/** Until `waken`'s argument is called, or until it's time for a sign of life, after `ms` milliseconds. */
export async function untilWoken(ms: number, waken: (wake: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
    timer.unref()
    waken(resolve)
  })
  clearTimeout(timer)
}
