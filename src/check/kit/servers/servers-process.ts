/**
 * The child process of `servers.ts`: starts and kills servers for a suite, outside the process in which the learner's
 * code runs under its guards. It ends when its standard input closes, however the parent ended, and the servers end
 * with it.
 */
import { createInterface } from 'node:readline'
import { codeOf, sentenceOf } from '../../../common/errors.ts'
import { inWords } from '../../../common/system-errors.ts'
import { startCluster } from '../../../redis/cluster.ts'
import { RedisUnavailableError } from '../../../redis/errors.ts'
import { type OwnServer, startOwnServer } from '../../../redis/own-server.ts'
import { diskProblem } from './disk-room.ts'
import type { Ask, ServersReply } from './servers-messages.ts'

const servers = new Map<number, Pick<OwnServer, 'stop'> & Partial<OwnServer>>()
let last = 0

async function answer(ask: Ask): Promise<ServersReply> {
  if (ask.what === 'server' || ask.what === 'cluster') {
    const problem = await diskProblem()
    if (problem !== undefined) throw new Error(problem)
  }
  switch (ask.what) {
    case 'server': {
      const server = await startOwnServer({ args: ask.args, ...(ask.folder && { folder: ask.folder }) })
      servers.set(++last, server)
      return { of: last, urls: [server.url], folder: server.folder }
    }
    case 'cluster': {
      const cluster = await startCluster()
      servers.set(++last, cluster)
      return { of: last, urls: cluster.nodes, folder: '' }
    }
    case 'crash':
    case 'pause':
    case 'restart':
    case 'stop': {
      await servers.get(ask.of)?.[ask.what]?.()
      if (ask.what === 'stop') servers.delete(ask.of)
      return { of: ask.of, urls: [], folder: '' }
    }
  }
}

function problemIn(error: unknown): string {
  // Its remedy is another source of Redis, but these servers are the suite's own whatever the source.
  if (error instanceof RedisUnavailableError) return error.problem
  const why = inWords(codeOf(error))
  return why === undefined ? sentenceOf(error) : `${(error as NodeJS.ErrnoException).path}: ${why}`
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const { id, ...ask } = JSON.parse(line) as Ask & { readonly id: number }
  const say = (reply: object) => process.stdout.write(`${JSON.stringify({ id, ...reply })}\n`)
  answer(ask).then(
    (done) => say({ done }),
    (error: unknown) => say({ failed: problemIn(error) }),
  )
})
process.stdin.on('error', () => {})
process.stdout.on('error', () => {})
lines.on('close', () => process.exit(0)) // the servers' guardian now ends them
