import { describe, expect, test } from 'vitest'
import type { ShownState } from '../../../src/terminal/index.ts'
import { marks, stateSpan, stateSymbol, style, widthOf } from '../../../src/terminal/index.ts'
import { ascii, colourful, plain } from './screens.ts'

const terminal = { isTTY: true }
const pipe = {}
const xterm = { TERM: 'xterm-256color' }

describe('colours', () => {
  test.each([
    ['a terminal', xterm, terminal, {}, true],
    ['a terminal, the flag not given', xterm, terminal, { color: true }, true],
    ['a pipe', xterm, pipe, {}, false],
    ['a pipe, the flag not given', xterm, pipe, { color: true }, false],
    ['a dumb terminal', { TERM: 'dumb' }, terminal, {}, false],
    ['NO_COLOR', { ...xterm, NO_COLOR: '1' }, terminal, {}, false],
    ['NO_COLOR of any value', { ...xterm, NO_COLOR: '0' }, terminal, {}, false],
    ['an empty NO_COLOR, which does not count', { ...xterm, NO_COLOR: '' }, terminal, {}, true],
    ['--no-color', xterm, terminal, { color: false }, false],
    ['FORCE_COLOR on a pipe', { FORCE_COLOR: '1' }, pipe, {}, true],
    ['FORCE_COLOR that is empty', { FORCE_COLOR: '' }, pipe, {}, true],
    ['FORCE_COLOR on a dumb terminal', { TERM: 'dumb', FORCE_COLOR: '1' }, terminal, {}, true],
    ['FORCE_COLOR=0', { ...xterm, FORCE_COLOR: '0' }, terminal, {}, false],
    ['FORCE_COLOR=false', { ...xterm, FORCE_COLOR: 'false' }, terminal, {}, false],
    ['NO_COLOR against FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, terminal, {}, false],
    ['--no-color against FORCE_COLOR', { FORCE_COLOR: '1' }, terminal, { color: false }, false],
  ])('%s', (_what, env, stream, flags, colours) => {
    const palette = style(env, stream, flags)
    expect(palette.colours).toBe(colours)
    expect(palette.paint('text', 'red')).toBe(colours ? '\x1b[31mtext\x1b[39m' : 'text')
  })

  test('nested styles do not end each other', () => {
    expect(colourful.paint(`a${colourful.paint('b', 'dim')}c`, 'bold')).toBe(
      '\x1b[1ma\x1b[2mb\x1b[22m\x1b[1mc\x1b[22m',
    )
    expect(colourful.paint('x', 'red', 'underline')).toBe('\x1b[4m\x1b[31mx\x1b[39m\x1b[24m')
    expect(colourful.paint('', 'red')).toBe('')
    expect(colourful.paint('x')).toBe('x')
  })
})

describe('signs', () => {
  test.each([
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LC_ALL: 'C.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, false],
    [{ LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, true],
    [{ LC_ALL: '', LANG: 'en_US.ISO-8859-1' }, false],
    [{}, true],
    [{ TERM: 'linux', LANG: 'en_US.UTF-8' }, false],
    [{ OS: 'Windows_NT' }, false],
    [{ OS: 'Windows_NT', WT_SESSION: 'x' }, true],
    [{ OS: 'Windows_NT', TERM_PROGRAM: 'vscode' }, true],
  ])('%j: unicode %s', (env, unicode) => {
    expect(style(env, terminal, {}).unicode).toBe(unicode)
  })

  const states: readonly ShownState[] = [
    'passed',
    'failed',
    'skipped',
    'not reached',
    'new',
    'started',
    'failing',
    'passed-after-solution',
  ]

  test.each(states)('%s has a sign of one column and a word, in either alphabet', (state) => {
    for (const palette of [plain, ascii]) {
      expect(widthOf(stateSymbol(state, palette))).toBe(1)
      expect(stateSpan(state, palette).text).toMatch(/^\S [a-z ]+$/)
    }
    expect(stateSymbol(state, ascii)).toMatch(/^[\x21-\x7e]$/)
  })

  test('the words differ, so that none needs the color', () => {
    expect(new Set(states.map((state) => stateSpan(state, ascii).text)).size).toBe(states.length)
    expect(stateSpan('passed', plain).text).toBe('✓ passed')
  })

  test('every mark is one column wide', () => {
    for (const palette of [plain, ascii]) {
      expect(Object.values(marks(palette)).map(widthOf)).toEqual(Object.values(marks(palette)).map(() => 1))
    }
  })
})
