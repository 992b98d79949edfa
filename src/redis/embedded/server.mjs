import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core'
import { TwoStepExecutor } from './executor.mjs'
import { otherCommands } from './other-commands.mjs'
import { writeRepliesTogether } from './replies.mjs'
import { fixScripts } from './scripts.mjs'
import { shareState } from './shared-state.mjs'
import { streamGroups } from './stream-groups.mjs'
import { xinfo } from './stream-info.mjs'
import { streamPending } from './stream-pending.mjs'
import { streamReads } from './stream-reads.mjs'
import { streamWrites } from './stream-writes.mjs'

/** The profile of the oldest real server that the lessons run on, so that they can't rely on anything newer. */
const compatibility = 'redis-7.0'

/**
 * js-redis-server, with every difference from Redis that an answer could meet corrected here, below the answer: an
 * answer must get the same verdict on every server. Listens on `port`, or on another one if that's taken; returns it.
 */
export async function startServer(port) {
  writeRepliesTogether()
  fixScripts()
  const state = new RedisServerState({ databaseCount: 16, compatibility })
  shareState(state)
  const { registry, policies, profile } = createRedisCommandExecutor({ compatibility })
  const streams = [...streamReads, ...streamWrites, ...streamGroups, ...streamPending, xinfo]
  registry.registerAll([...otherCommands, ...streams], { override: true })
  const executor = new TwoStepExecutor({ registry, policies, profile })
  const server = new Resp2Server({ server: state, executor })
  await server.listen(port).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error
    return server.listen(0)
  })
  return server.getPort()
}
