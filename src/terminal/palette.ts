import { inspect } from 'node:util'

/** The sixteen basic colors only: they're the reader's own and fit both dark and light backgrounds. */
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
  /** Whether symbols such as ✓ can be shown. */
  readonly unicode: boolean
  /** The text in these styles, or unchanged without colors. */
  paint(text: string, ...styles: readonly Style[]): string
}

export interface StyleFlags {
  /** False for `--no-color`; true only means that the flag wasn't given. */
  readonly color?: boolean
}

/**
 * What to show on `stream`. Colors are off for `--no-color`, `NO_COLOR` (it wins over `FORCE_COLOR`: a request for
 * less is easily met), `TERM=dumb` and anything that isn't a terminal; `FORCE_COLOR` turns them on for the latter
 * two.
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

/**
 * The Linux console has a font of 256 characters, and a dumb terminal promises nothing; elsewhere the locale decides, if
 * it's set.
 */
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
    // Text painted inside ends with the same code if it has the same kind of style, so the style is opened again.
    return `${open}${painted.replaceAll(`${close}`, `${close}${open}`)}${close}`
  }, text)
}
