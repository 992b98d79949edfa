import { describe, expect, test } from 'vitest'
import { endingOf } from '../../../src/cli/ending.ts'
import { NoCacheError } from '../../../src/common/cache-folder.ts'
import { AmbiguousLessonError, NoCourseError, UnknownLessonError } from '../../../src/course/index.ts'
import { EditorError } from '../../../src/learner/editor.ts'
import { UnwritableWorkspaceError } from '../../../src/learner/index.ts'
import { NotStartedError } from '../../../src/learner/own-answer.ts'
import {
  BadPreferenceError,
  RedisGoneError,
  RedisTroubleError,
  RedisUnavailableError,
} from '../../../src/redis/index.ts'
import { NoTerminalError } from '../../../src/terminal/index.ts'
import { InterruptedError } from '../../../src/walkthrough/terminal-events.ts'

describe('every error gets its exit code and its own words', () => {
  test.each([
    [new UnknownLessonError('x', []), 2],
    [new AmbiguousLessonError('x', ['a', 'b']), 2],
    [new BadPreferenceError('No.'), 2],
    [new NoTerminalError('No.', 'No terminal here.', []), 2],
    [new NotStartedError('01-events', '/x/01-events.ts'), 2],
    [new RedisUnavailableError('binary', "It isn't there.", 'Install it.'), 3],
    [new RedisGoneError('url', 'Redis 7.0', 'restarted'), 3],
    [new RedisTroubleError('url', 'Redis did not answer', 'Check again.'), 3],
    [new NoCourseError('/x'), 3],
    [new NoCacheError('No.'), 3],
    [new UnwritableWorkspaceError('/x', 'EACCES'), 3],
    [new EditorError('No editor.'), 3],
  ])('%s', (error, code) => {
    expect(endingOf(error)).toEqual({ code, sentence: error.message })
  })

  test('Ctrl-C needs no words', () => {
    expect(endingOf(new InterruptedError())).toEqual({ code: 130, sentence: '' })
    const byInquirer = Object.assign(new Error('User force closed the prompt'), { name: 'ExitPromptError' })
    expect(endingOf(byInquirer)).toEqual({ code: 130, sentence: '' })
  })

  test('a full disk, a missing permission', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
      path: '/x/y',
    })
    expect(endingOf(full)).toMatchObject({ code: 3 })
    expect(endingOf(full).sentence).toContain("/x/y can't be used: the disk is full.")
  })

  test("a lesson's file that has no room, or no permission, says which of the two", () => {
    expect(new UnwritableWorkspaceError('/x', 'ENOSPC').message).toContain('the disk is full. Free some')
    expect(new UnwritableWorkspaceError('/x', 'EACCES').message).toContain(
      "you don't have permission. Check the permissions",
    )
    expect(new UnwritableWorkspaceError('/x', 'ENOENT', "its folder can't be created").message).toContain(
      "its folder can't be created.",
    )
    expect(new UnwritableWorkspaceError('/x', 'EODD').message).toContain("can't be written: EODD.")
  })

  test('a path with a space is in quotes', () => {
    const denied = { code: 'EACCES', syscall: 'open', path: '/home/Ada L/x' }
    expect(endingOf(Object.assign(new Error('EACCES'), denied)).sentence).toMatch(/^"\/home\/Ada L\/x" can't/)
  })

  test('a missing package', () => {
    const error = Object.assign(new Error("Cannot find package 'shiki' imported from /x"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    expect(endingOf(error)).toMatchObject({ code: 3 })
    expect(endingOf(error).sentence).toContain('Run "npm install"')
  })

  test('everything else is our own bug, in one line, with what to do', () => {
    const { code, sentence } = endingOf(new TypeError('x is undefined\nand more'))
    expect(code).toBe(70)
    expect(sentence).toMatch(
      /^Something went wrong inside eventlings: x is undefined\. Please report it .*EVENTLINGS_DEBUG=1/,
    )
    expect(endingOf('a text')).toMatchObject({ code: 70 })
  })
})
