import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { installCommand, managerOf } from '../../../src/init/index.ts'

test('the package manager that started the program installs the course', () => {
  expect(managerOf({ npm_config_user_agent: 'pnpm/10.1.0 npm/? node/v20.20.2 linux x64' })).toBe('pnpm')
  expect(managerOf({ npm_config_user_agent: 'npm/11.1.0 node/v20.20.2 linux x64' })).toBe('npm')
  expect(managerOf({})).toBe('npm')
})

test('npm is started as a script of Node, without a shell', () => {
  const { program, args } = installCommand('/a folder/course.tgz', {})
  expect(program).toBe(process.execPath)
  expect(path.basename(args[0] ?? '')).toBe('npm-cli.js')
  expect(args.slice(1, 3)).toEqual(['install', '/a folder/course.tgz'])
})

test('a script that is gone is not started', () => {
  const env = { npm_config_user_agent: 'pnpm/10.1.0', npm_execpath: '/nowhere/pnpm.cjs' }
  expect(installCommand('eventlings@1.2.3', env, 'linux')).toEqual({
    program: 'pnpm',
    args: ['add', 'eventlings@1.2.3'],
  })
  expect(installCommand('eventlings@1.2.3', env, 'win32')).toEqual({
    program: 'cmd.exe',
    args: ['/d', '/s', '/c', 'pnpm', 'add', 'eventlings@1.2.3'],
  })
})

test('pnpm installs a tarball as package.json names it, because it would warn of the same file by its path', () => {
  const env = { npm_config_user_agent: 'pnpm/10.1.0' }
  expect(installCommand('/a folder/course.tgz', env, 'linux').args).toEqual(['install'])
})

test('a pnpm that started the program is used even if it is not on the PATH', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-install-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const started = async (name: string) => {
    const file = path.join(folder, name)
    await writeFile(file, '')
    return { npm_config_user_agent: 'pnpm/12.21.0', npm_execpath: file }
  }
  const native = await started('pnpm')
  expect(installCommand('/course.tgz', native)).toEqual({ program: native.npm_execpath, args: ['install'] })
  const script = await started('pnpm.mjs')
  expect(installCommand('/course.tgz', script)).toEqual({
    program: process.execPath,
    args: [script.npm_execpath, 'install'],
  })
})
