import { stripVTControlCharacters } from 'node:util'
import type { Palette } from '../../../src/terminal/index.ts'
import { palette, widthOf } from '../../../src/terminal/index.ts'

export const colourful: Palette = palette({ colours: true, unicode: true })
export const plain: Palette = palette({ colours: false, unicode: true })
export const ascii: Palette = palette({ colours: false, unicode: false })

/** Columns of the widest line, escape sequences not counted. */
export function widest(screen: string): number {
  return Math.max(...stripVTControlCharacters(screen).split('\n').map(widthOf))
}

/** All words, so that nothing can be lost or torn apart unnoticed. */
export function wordsOf(screen: string): readonly string[] {
  return stripVTControlCharacters(screen)
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** Everything that could control a terminal, except the colors that the program itself adds. */
export function controlsIn(screen: string): readonly string[] {
  const start = '\x1b'
  const withoutColours = screen.replace(new RegExp(`${start}\\[\\d+m`, 'g'), '')
  return withoutColours.match(/(?!\n)[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu) ?? []
}
