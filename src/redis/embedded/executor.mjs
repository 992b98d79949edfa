import {
  CommandExecutor,
  RedisCommandError,
  RedisResult,
  RedisValue,
  WrongNumberOfArgumentsError,
} from 'js-redis-server/core'
import { ARITY } from './arity.mjs'

/**
 * Redis checks a command twice: on arrival, whether the command exists and has enough words; on execution, everything
 * else. js-redis-server does both at once, so in a transaction it would reject as a whole what Redis queues and
 * answers with one error among the replies of EXEC.
 */
export class TwoStepExecutor extends CommandExecutor {
  createPlan(definition, rawCommand, rawArgs) {
    checkArity(definition.name, rawArgs)
    try {
      return super.createPlan(definition, rawCommand, rawArgs)
    } catch (error) {
      if (!(error instanceof RedisCommandError)) throw error
      return {
        definition: { ...definition, keys: () => [], execute: () => fail(error) },
        args: {},
        keys: [],
        flags: definition.flags,
        rawCommand: Buffer.from(rawCommand),
        rawArgs: rawArgs.map((arg) => Buffer.from(arg)),
      }
    }
  }

  /**
   * A command that would block must not: nothing waits for a promise in a script, and its rejection would end this
   * process.
   */
  executePlanSync(plan, ctx) {
    return super.executePlanSync(plan, withoutWaiting(ctx))
  }
}

export function isScript(ctx) {
  return ctx.monitor?.clientAddress === 'lua'
}

export const reply = {
  ok: () => RedisResult.ok(),
  integer: (value) => RedisResult.create(RedisValue.integer(value)),
  text: (value) => RedisResult.create(RedisValue.bulkString(Buffer.from(value))),
  array: (items) => RedisResult.create(RedisValue.array(items)),
  pairs: (entries) => RedisResult.create(RedisValue.mapPairs(entries)),
  nil: () => RedisResult.create(RedisValue.bulkString(null)),
  nilArray: () => RedisResult.create(RedisValue.nullArray()),
}

function checkArity(name, args) {
  const sub = args[0] === undefined ? undefined : `${name}|${args[0].toString().toLowerCase()}`
  const arity = ARITY.get(name)
  if (arity !== undefined && !fits(arity, args)) throw new WrongNumberOfArgumentsError(name)
  if (sub === undefined || !CONTAINERS.has(name)) return
  const needed = ARITY.get(sub)
  if (needed === undefined) {
    throw new RedisCommandError(`unknown subcommand '${args[0]}'. Try ${name.toUpperCase()} HELP.`)
  }
  if (!fits(needed, args)) throw new WrongNumberOfArgumentsError(sub)
}

function fits(arity, args) {
  return arity >= 0 ? args.length + 1 === arity : args.length + 1 >= -arity
}

const CONTAINERS = new Set(
  [...ARITY.keys()].filter((name) => name.includes('|')).map((name) => name.split('|')[0]),
)

function fail(error) {
  throw error
}

function withoutWaiting(ctx) {
  return Object.create(ctx, { park: { value: () => Promise.resolve(null) } })
}
