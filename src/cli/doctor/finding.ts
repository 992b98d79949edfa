/** One thing that was looked at. `fail`: the course doesn't work; `warn`: it works, but something is missing. */
export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  /** What was found, as a sentence. */
  readonly finding: string
  /** What to do about it; undefined if there's nothing to do. */
  readonly remedy?: string
}

export function ok(name: string, finding: string): Finding {
  return { name, state: 'ok', finding }
}

export function warn(name: string, finding: string, remedy: string): Finding {
  return { name, state: 'warn', finding, remedy }
}

export function fail(name: string, finding: string, remedy: string): Finding {
  return { name, state: 'fail', finding, remedy }
}
