import { inspect } from 'node:util'

/** The sixteen colours alone: they are the reader's own and fit a dark background as well as a light one. */
export type Style =
  | 'bold'
  | 'dim'
  | 'italic'
  | 'underline'
  | 'inverse'
  | 'strikethrough'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'gray'

/** What a terminal can show. */
export interface Palette {
  readonly colours: boolean
  /** Whether signs such as ✓ can be shown. */
  readonly unicode: boolean
  /** The text in these styles, or as it is where there are no colours. */
  paint(text: string, ...styles: readonly Style[]): string
}

export interface StyleFlags {
  /** False for `--no-color`; true means no more than that the flag was not given. */
  readonly color?: boolean
}

/**
 * What to show on `stream`. Colours are off for `--no-color`, `NO_COLOR` (it wins over `FORCE_COLOR`: a wish for less
 * is easily met), `TERM=dumb` and whatever is no terminal; `FORCE_COLOR` turns them on for the latter two.
 */
export function style(
  env: NodeJS.ProcessEnv,
  stream: { readonly isTTY?: boolean | undefined },
  flags: StyleFlags = {},
): Palette {
  return palette({ colours: wantsColours(env, stream.isTTY === true, flags), unicode: knowsUnicode(env) })
}

export function palette(can: Pick<Palette, 'colours' | 'unicode'>): Palette {
  return { ...can, paint: can.colours ? paint : (text) => text }
}

function wantsColours(env: NodeJS.ProcessEnv, isTerminal: boolean, flags: StyleFlags): boolean {
  if (flags.color === false || isSet(env.NO_COLOR)) return false
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR)
  return isTerminal && env.TERM !== 'dumb'
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

/** The console of Linux has a font of 256 signs, and a dumb terminal promises nothing; elsewhere the locale tells, if there is one. */
export function knowsUnicode(env: NodeJS.ProcessEnv): boolean {
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(isSet)
  if (locale !== undefined) return /utf-?8/i.test(locale)
  if (env.OS !== 'Windows_NT') return true
  return isSet(env.WT_SESSION) || isSet(env.TERM_PROGRAM)
}

function paint(text: string, ...styles: readonly Style[]): string {
  if (text === '') return ''
  return styles.reduce((painted, style) => {
    const [open, close] = (inspect.colors[style] ?? [0, 0]).map((code) => `\x1b[${code}m`)
    // What is painted inside ends with the same code when it is of the same sort, so that it is opened again.
    return `${open}${painted.replaceAll(`${close}`, `${close}${open}`)}${close}`
  }, text)
}
