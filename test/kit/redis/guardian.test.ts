import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { imageName } from '../../../src/redis/container-image.ts'
import { helperFile } from '../../../src/redis/plain-node.ts'
import { need } from '../need.ts'
import { plainProgram } from '../plain-program.ts'
import { until } from './decoys.ts'
import { containers, post, requiredEngine } from './engine-calls.ts'

const heldRedis = await plainProgram(join(import.meta.dirname, 'held-redis.ts'))

/** Runs held-redis.ts in its own process, with its own temporary folder, so that anything left behind shows. */
async function program(kind: string, then: string) {
  const temporary = mkdtempSync(join(tmpdir(), 'eventlings-held-'))
  onTestFinished(() => rm(temporary, { recursive: true, force: true }))
  const child = spawn(process.execPath, [heldRedis, kind, then], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // its own process group, like a program in a terminal
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, EVENTLINGS_REDIS: '' },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const ended = once(child, 'exit')
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const url = new URL(await firstLine(child))
  return {
    child,
    ended,
    complaint: () => complaint,
    async expectNothingLeft() {
      await until(async () => !(await connects(Number(url.port))), 'Redis ended')
      await until(() => ourFolders(temporary).length === 0, 'the data folder was removed')
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const chunk of child.stdout ?? []) {
    said += chunk
    if (said.includes('\n')) return JSON.parse(said).url
  }
  throw new Error('The program ended without a Redis.')
}

function ourFolders(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('eventlings-'))
}

/** No answer proves nothing either way: while an engine removes a container's network, answers may get lost for a minute. */
function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 500 })
    const isThere = () => {
      socket.destroy()
      resolve(true)
    }
    socket.once('connect', isThere)
    socket.once('timeout', isThere)
    socket.once('error', () => resolve(false))
  })
}

type Then = 'exit' | 'throw' | 'return'
type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGHUP'

function nothingIsLeft(kind: string, thens: readonly Then[], signals: readonly Signal[]): void {
  test.each(thens)('after the program ends by %s', async (then) => {
    const { ended, complaint, expectNothingLeft } = await program(kind, then)
    const [code] = await ended
    expect({ code, keptAlive: /kept alive by .*/.exec(complaint())?.[0] }).toEqual({
      code: then === 'throw' ? 1 : 0,
      keptAlive: undefined,
    })
    await expectNothingLeft()
  })

  test.each(signals)('after %s', async (signal) => {
    const { child, ended, expectNothingLeft } = await program(kind, 'stay')
    child.kill(signal)
    await ended
    await expectNothingLeft()
  })

  test.skipIf(process.platform === 'win32')('after Ctrl-C, which reaches the whole group', async () => {
    const { child, ended, expectNothingLeft } = await program(kind, 'stay')
    process.kill(-(child.pid ?? 0), 'SIGINT')
    await ended
    await expectNothingLeft()
  })
}

describe('nothing is left of the embedded Redis', () => {
  nothingIsLeft('embedded', ['exit', 'return'], ['SIGKILL', 'SIGHUP'])
})

need('redis-server').describe('nothing is left of redis-server', () => {
  nothingIsLeft('binary', ['exit', 'throw', 'return'], ['SIGKILL', 'SIGTERM', 'SIGHUP'])
})

need('container').describe('nothing is left of the container', () => {
  nothingIsLeft('container', ['return'], ['SIGKILL'])

  test('not even one that was being created when the program was killed', async () => {
    const engine = await requiredEngine()
    const label = `eventlings.test=${process.pid}`
    const guardian = spawn(process.execPath, [helperFile('guardian.mjs')], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const ended = once(guardian, 'exit')
    const what = { kind: 'containers', engine: engine.address, label }
    guardian.stdin.end(`${JSON.stringify({ id: 1, what })}\n`)
    // The guardian has looked by now, or is about to; the engine finishes its work only after that.
    const name = `eventlings-test-${process.pid}`
    const made = { Image: imageName(process.env), Labels: { 'eventlings.test': `${process.pid}` } }
    expect(await post(engine, `/containers/create?name=${name}`, made)).toBe(201)
    await ended
    const left = await containers(engine, { all: 'true', filters: JSON.stringify({ label: [label] }) })
    expect(left).toEqual([])
  })
})
