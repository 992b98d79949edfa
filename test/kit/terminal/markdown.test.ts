import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { renderMarkdown } from '../../../src/terminal/index.ts'
import { ascii, colourful, plain, widest, wordsOf } from './screens.ts'

const render = (markdown: string, width = 60, palette = plain) => renderMarkdown(markdown, { width, palette })
const fenced = (info: string, ...lines: readonly string[]) => [`\`\`\`${info}`, ...lines, '```'].join('\n')

describe('without colors', () => {
  test('headings keep their signs and stay with what follows', async () => {
    expect(await render('# One\n\nText.\n\n## Two\nMore.\n\n### Three\n\n- a')).toBe(
      '# One\nText.\n\n## Two\nMore.\n\n### Three\n• a',
    )
  })

  test('paragraphs are wrapped, hard breaks kept', async () => {
    expect(await render('one two\nthree four\\\nfive', 10)).toBe('one two\nthree four\nfive')
  })

  test('code keeps its backticks, emphasis loses its stars', async () => {
    expect(await render('Use `XADD *`, **always**, _now_ and ~~never~~.')).toBe(
      'Use `XADD *`, always, now and never.',
    )
  })

  test('a drawing that is too wide is cut, not broken, and says how much room it needs', async () => {
    const drawing = '    left    -->   right\n    below'
    expect(await render(drawing, 21)).toBe('  left    -->   right\n  below')
    expect(await render(drawing, 20)).toBe(
      '  left    -->   rig…\n  below\n  To see all of\n  this, use a\n  terminal at least\n  21 columns wide.',
    )
  })

  test('links to the glossary show no address', async () => {
    expect(await render('a [checkpoint](GLOSSARY.md#checkpoint)', 40)).toBe('a checkpoint')
  })

  test('links show where they lead, unless they say so', async () => {
    expect(await render('[next](02-list-store.md) and <https://redis.io>')).toBe(
      'next (02-list-store.md) and https://redis.io',
    )
    expect(await render('![a picture](x.png)')).toBe('a picture (x.png)')
  })

  test('lists, nested, numbered from anywhere, with boxes', async () => {
    expect(await render('- a\n  - b\n    c\n- d\n')).toBe('• a\n  • b c\n• d')
    expect(await render('9. nine\n10. ten\n')).toBe(' 9. nine\n10. ten')
    expect(await render('- [ ] open\n- [x] done, and\n  wrapped here\n- [link](x)', 16)).toBe(
      '[ ] open\n[x] done, and\n    wrapped here\n• link (x)',
    )
    expect(await render('1. one\n\n   more\n2. two')).toBe('1. one\n\n   more\n\n2. two')
  })

  test('code in a list is indented with it, and quotes have a bar', async () => {
    expect(await render(`1. try\n\n   ${fenced('ts', 'x()').replaceAll('\n', '\n   ')}`)).toBe(
      '1. try\n\n     x()',
    )
    expect(await render('> one\n> two\n>\n> - three')).toBe('│ one two\n│\n│ • three')
  })

  test('code is not wrapped, except for lines wider than the terminal', async () => {
    const code = fenced(
      'ts',
      'const a = 1',
      '',
      '  // no \x1b[31mtricks',
      'callSomething(withAnArgument, andMore)',
    )
    expect(await render(code, 31)).toBe(
      '  const a = 1\n\n    // no \\x1b[31mtricks\n  callSomething(withAnArgument,\n  ↪ andMore)',
    )
  })

  test('lanes are in one column where two do not fit', async () => {
    const picture = fenced(
      'lanes starter',
      'account:1',
      ' #  writer               │ the test',
      ' 1  XLEN → 1      looked │',
      '    ┌── XADD, held ──────┤',
      ' 2  ┊                    │ XADD → 2-0 changed',
      '    └── released ────────┤',
      '    … 3 more steps',
      ' 6  XADD → 3-0     wrote │',
      '✗ Step 6 wrote.',
    )
    expect(await render(picture, 50)).toContain(' 2  ┊                    │ XADD → 2-0 changed')
    expect((await render(picture, 40)).split('\n')).toEqual([
      '  account:1',
      '  A = writer, B = the test',
      '  A  1  XLEN → 1      looked',
      '  A     (XADD, held)',
      '  B  2  XADD → 2-0 changed',
      '  A     (released)',
      '      … 3 more steps',
      '  A  6  XADD → 3-0     wrote',
      '  ✗ Step 6 wrote.',
    ])
    const reversed = fenced('lanes starter', ' #  a   │ b', '    ────── XADD, held ─┐', ' 1  GET │ ┊')
    expect(await render(reversed, 20)).toContain('  B     (XADD, held)\n  A  1  GET')
  })

  test('plain ASCII is enough', async () => {
    const page = await render('- a\n\n***\n\n> q\n\n| a |\n|---|\n| b |\n', 20, ascii)
    expect(page).toBe('* a\n\n--------------------\n\n| q\n\na\n-\nb')
  })

  test('HTML is text', async () => {
    expect(await render('a <b>c</b>\n\n<div>x</div>')).toBe('a <b>c</b>\n\n<div>x</div>')
  })
})

describe('tables', () => {
  const table =
    '| kind | how many | why |\n| --- | --: | --- |\n| `list` | 1 | it is short |\n| 日本 | 22 | **bold** text |\n'

  test('have columns as wide as they need', async () => {
    expect((await render(table)).split('\n')).toEqual([
      'kind    how many  why',
      '──────  ────────  ───────────',
      '`list`         1  it is short',
      '日本          22  bold text',
    ])
  })

  test('wrap their cells on a narrow screen, and drop columns on a narrower one', async () => {
    expect((await render(table, 26)).split('\n')).toEqual([
      'kind    how many  why',
      '──────  ────────  ────────',
      '`list`         1  it is',
      '                  short',
      '日本          22  bold',
      '                  text',
    ])
    expect((await render(table, 20)).split('\n')).toEqual([
      'kind: `list`',
      '  how many: 1',
      '  why: it is short',
      '',
      'kind: 日本',
      '  how many: 22',
      '  why: bold text',
    ])
  })
})

describe('with colors', () => {
  test('headings are underlined, inline code is colored instead of quoted', async () => {
    const page = await render('## A `b` c', 60, colourful)
    expect(page).toContain('\x1b[36m')
    expect(page).not.toContain('#')
    expect(page).not.toContain('`')
    expect(wordsOf(page)).toEqual(['A', 'b', 'c', '─────'])
  })

  test.each([
    ['ts', 'const x = "text" // why'],
    ['ts run', 'await redis.set(key, 1)'],
    ['redis', '> SET key "value"', 'OK'],
    ['redis fails', '> LPUSH s x', '(error) WRONGTYPE Operation'],
    ['bash', 'npx eventlings list # all'],
    ['json', '{ "a": 1 }'],
    ['lua', 'return redis.call("GET", KEYS[1])'],
    ['diff', '-old', '+new'],
  ])('%s is colored, and its text is the same', async (info, ...code) => {
    const page = await render(fenced(info, ...code), 60, colourful)
    expect(page).not.toBe(stripVTControlCharacters(page))
    expect(wordsOf(page)).toEqual(wordsOf(code.join('\n')))
  })

  test('the parts of a transcript look different', async () => {
    const page = await render(fenced('redis', '> SET key "v"', '(error) no', '<id>'), 60, colourful)
    expect(page).toContain('\x1b[35mSET\x1b[39m')
    expect(page).toContain('\x1b[32m"v"\x1b[39m')
    expect(page).toContain('\x1b[31m(error) no\x1b[39m')
  })

  test('an unknown language, or none, is plain', async () => {
    expect(await render(fenced('cobol', 'MOVE A TO B'), 60, colourful)).toBe('  MOVE A TO B')
    expect(await render(fenced('', 'x'), 60, colourful)).toBe('  x')
  })
})

describe('lessons of this course', () => {
  const folder = path.join(projectRoot(), 'lessons')
  const lessons = readdirSync(folder).filter((name) => name.endsWith('.md'))

  test.each(lessons)(
    '%s fits 40, 60 and 120 columns, and has no escape codes without colors',
    async (name) => {
      const markdown = readFileSync(path.join(folder, name), 'utf8')
      for (const width of [40, 60, 120]) {
        const page = await render(markdown, width)
        expect(page).not.toContain('\x1b')
        const tooWide = page.split('\n').filter((line) => widest(line) > width && !line.includes('://'))
        expect(tooWide).toEqual([])
      }
    },
  )
})
