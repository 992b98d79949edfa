import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core'
import { TwoStepExecutor } from './executor.mjs'
import { otherCommands } from './other-commands.mjs'
import { writeRepliesTogether } from './replies.mjs'
import { mendScripts } from './scripts.mjs'
import { shareState } from './shared-state.mjs'
import { streamCommands } from './stream-commands.mjs'
import { streamGroupCommands } from './stream-group-commands.mjs'
import { xinfo } from './stream-info.mjs'

/** The profile of the oldest real server that the lessons are run on, so that they cannot lean on anything newer. */
const compatibility = 'redis-7.0'

/**
 * js-redis-server, with what differs from Redis in a way that an answer could meet put right here, below the answer:
 * an answer must get the same verdict on every server. Returns the port.
 */
export async function startServer() {
  writeRepliesTogether()
  mendScripts()
  const state = new RedisServerState({ databaseCount: 16, compatibility })
  shareState(state)
  const { registry, policies, profile } = createRedisCommandExecutor({ compatibility })
  registry.registerAll([...otherCommands, ...streamCommands, ...streamGroupCommands, xinfo], {
    override: true,
  })
  const executor = new TwoStepExecutor({ registry, policies, profile })
  const server = new Resp2Server({ server: state, executor })
  await server.listen(0)
  return server.getPort()
}
