import { createHash } from 'node:crypto'
import {
  RedisCommandError,
  RedisLuaRuntime,
  ScriptCallNoCommandError,
  WrongNumberOfArgumentsError,
} from 'js-redis-server/core'

/**
 * Inserted before a script, on its first line. The Lua of js-redis-server has 32-bit integers, so `%d` cuts off a
 * time in milliseconds, and it passes numbers to a command with 14 digits instead of 17. An error that's a table
 * loses its text.
 */
const BEFORE = `
local string, redis, error = (function(string, redis, error, type, select, math, unpack)
  local own, lib = {}, {}
  for name, value in pairs(string) do own[name] = value end
  for name, value in pairs(redis) do lib[name] = value end
  local format, call, pcall = string.format, redis.call, redis.pcall
  own.format = function(pattern, ...)
    if type(pattern) == 'string' then
      pattern = string.gsub(pattern, '%%([-+ #0]*%d*)[diu]', '%%%1.0f')
      local args, n, at = {...}, select('#', ...), 0
      for flags, kind in string.gmatch(pattern, '%%([-+ #0]*%d*%.?%d*)([%%%a])') do
        if kind ~= '%' then
          at = at + 1
          local value = args[at]
          if kind == 'f' and string.sub(flags, -2) == '.0' and tonumber(value) then
            value = tonumber(value)
            args[at] = value < 0 and math.ceil(value) or math.floor(value)
          end
        end
      end
      return format(pattern, unpack(args, 1, n))
    end
    return format(pattern, ...)
  end
  local function exact(...)
    local args, n, changed = {...}, select('#', ...), false
    for at = 1, n do
      local value = args[at]
      if type(value) == 'number' and (value % 1 ~= 0 or value >= 1e14 or value <= -1e14) then
        args[at] = format('%.17g', value)
        changed = true
      end
    end
    return changed, args, n
  end
  lib.call = function(...)
    local changed, args, n = exact(...)
    if changed then return call(unpack(args, 1, n)) end
    return call(...)
  end
  lib.pcall = function(...)
    local changed, args, n = exact(...)
    if changed then return pcall(unpack(args, 1, n)) end
    return pcall(...)
  end
  lib.REDIS_VERSION = '7.0.15'
  lib.REDIS_VERSION_NUM = 458767
  lib.replicate_commands = function() return true end
  lib.set_repl = function() end
  local raise = function(value, level)
    if type(value) == 'table' and type(value.err) == 'string' then return call('${'\u0000'}raise', value.err) end
    return error(value, level == 0 and 0 or (level or 1) + 1)
  end
  return own, lib, raise
end)(string, redis, error, type, select, math, unpack)
`
  .trim()
  .replace(/\s*\n\s*/g, ' ')

const RAISE = '\u0000raise'

/** A script returns one value; the parentheses drop a second one, as Redis does. */
function prepared(source) {
  return Buffer.concat([Buffer.from(`${BEFORE} return ((function(...) `), source, Buffer.from('\nend)())')])
}

/** Makes the scripts of every runtime behave like those of Redis. */
export function fixScripts() {
  const { eval: evaluate, runRedisCommand } = RedisLuaRuntime.prototype
  const known = new Map()

  RedisLuaRuntime.prototype.eval = function evalAsRedis(script, keys, args, ctx, options) {
    const source = Buffer.from(script)
    const sha = createHash('sha1').update(source).digest('hex')
    if (!known.has(sha)) known.set(sha, read(this, source, ctx))
    const { complaint, run, readOnly } = known.get(sha)
    if (complaint !== undefined) throw new RedisCommandError(complaint)
    const reply = evaluate.call(this, run, keys, args, ctx, readOnly ? { readOnly } : options)
    if (reply?.meta !== undefined) reply.meta.sha = sha
    return reply
  }

  function read(runtime, source, ctx) {
    const text = source.toString('latin1')
    const shebang = /^#!lua([^\n]*)/.exec(text)
    const body = shebang === null ? source : Buffer.from(text.slice(shebang[0].length), 'latin1')
    const compiled = evaluate.call(runtime, COMPILE, [], [body], ctx)
    const complaint = Buffer.isBuffer(compiled)
      ? `Error compiling script (new function): ${compiled}`
      : undefined
    return { complaint, run: prepared(body), readOnly: /\bno-writes\b/.test(shebang?.[1] ?? '') }
  }

  RedisLuaRuntime.prototype.runRedisCommand = function runAsRedis(args) {
    if (args[0]?.toString() === RAISE) return raised(args[1].toString())
    if (args.length === 0) return errorReply(new ScriptCallNoCommandError())
    try {
      this.hostState.ctx?.executor.plan(args[0], args.slice(1))
    } catch (error) {
      if (error instanceof WrongNumberOfArgumentsError) {
        return errorReply(new RedisCommandError('Wrong number of args calling Redis command from script'))
      }
    }
    return runRedisCommand.call(this, args)
  }
}

const COMPILE = Buffer.from(
  'local f, e = loadstring(ARGV[1], "@user_script") if f then return 1 end return e',
)

function raised(text) {
  const [, code = 'ERR', message = ''] = /^([A-Z][A-Z0-9_]*) (.*)$/s.exec(text) ?? [text, '', text]
  return errorReply(new RedisCommandError(message, code === '' ? 'ERR' : code))
}

function errorReply({ message, code }) {
  return { err: Buffer.from(message), code: Buffer.from(code) }
}
