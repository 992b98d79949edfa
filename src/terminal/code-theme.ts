import type { ThemeRegistrationRaw } from 'shiki/core'
import type { Style } from './palette.ts'

// shiki knows only colors; each of these represents the styles beside it.
const looks: readonly {
  readonly colour: string
  readonly styles: readonly Style[]
  readonly scope: string[]
}[] = [
  { colour: '#000001', styles: ['gray'], scope: ['comment', 'punctuation.definition.comment'] },
  {
    colour: '#000002',
    styles: ['green'],
    scope: ['string', 'punctuation.definition.string', 'markup.inserted'],
  },
  {
    colour: '#000003',
    styles: ['magenta'],
    scope: ['keyword', 'storage', 'constant.language', 'variable.language'],
  },
  { colour: '#000004', styles: ['yellow'], scope: ['constant.numeric', 'variable.parameter.placeholder'] },
  {
    colour: '#000005',
    styles: ['blue'],
    scope: ['entity.name.function', 'support.function', 'meta.diff.range', 'meta.object-literal.key.json'],
  },
  {
    colour: '#000006',
    styles: ['cyan'],
    scope: ['entity.name.type', 'support.type', 'support.class', 'variable.other.redis'],
  },
  { colour: '#000007', styles: ['red'], scope: ['markup.deleted', 'invalid'] },
  {
    colour: '#000008',
    styles: [],
    scope: ['keyword.operator', 'string variable', 'string punctuation.section'],
  },
]

/** The theme of all code on a terminal. */
export const codeTheme: ThemeRegistrationRaw = {
  name: 'terminal',
  type: 'dark',
  settings: [
    { settings: { foreground: '#000000', background: '#ffffff' } },
    ...looks.map(({ scope, colour }) => ({ scope, settings: { foreground: colour } })),
  ],
}

export function stylesOf(colour: string | undefined): readonly Style[] {
  return looks.find((look) => look.colour === colour?.toLowerCase())?.styles ?? []
}
