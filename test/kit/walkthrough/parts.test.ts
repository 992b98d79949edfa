import { describe, expect, test } from 'vitest'
import { editorCommand } from '../../../src/learner/editor.ts'
import { readKeystrokes } from '../../../src/terminal/keystrokes.ts'
import { keyOf } from '../../../src/walkthrough/keys.ts'

describe('keys', () => {
  test.each([
    [' ', ['on']],
    ['\r', ['on']],
    ['b', ['back']],
    ['q', ['leave']],
    ['\x1b', ['leave']],
    ['\x03', ['interrupt']],
    ['\x1b[6~\x1b[5~', ['on', 'back']],
    ['\x1bOB\x1b[A', ['on', 'back']],
    ['  b', ['on', 'on', 'back']],
    ['\x1b[1;5C', ['other']],
    ['yz', ['other', 'other']],
    ['nHv', ['next', 'hint', 'read']],
  ])('%j', (data, keys) => {
    expect(readKeystrokes()(data).map(keyOf)).toEqual(keys)
  })
})

describe('the editor', () => {
  test.each([
    [{ EDITOR: 'nano' }, ['nano']],
    [{ EDITOR: 'nano', VISUAL: 'code --wait' }, ['code', '--wait']],
    [{ VISUAL: ' ', EDITOR: 'vi' }, ['vi']],
    [{ EDITOR: '"C:\\Program Files\\edit.exe" -w' }, ['C:\\Program Files\\edit.exe', '-w']],
    [{ TERM_PROGRAM: 'vscode' }, ['code']],
    [{}, undefined],
  ])('%j', (env, words) => {
    expect(editorCommand(env)).toEqual(words)
  })
})
