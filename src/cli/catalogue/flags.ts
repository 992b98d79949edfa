/** Flags that several commands have. */
export const json = ['--json', 'print data for programs instead of text'] as const
export const yes = ['--yes', "don't ask"] as const
export const web = [
  ['--port <number>', 'in the browser: use this port instead of a free one'],
  ['--no-open', 'only print the address of the pages'],
] as const
