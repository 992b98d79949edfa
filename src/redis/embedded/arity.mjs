/**
 * How many words each command and subcommand of Redis 7.0 takes, its name included; a negative number is a minimum.
 * Copied from COMMAND of a real server, without the commands that js-redis-server lacks.
 */
const NAMES = {
  '-8': `geosearchstore`,
  '-7': `geosearch xreadgroup`,
  '-6': `georadius georadius_ro xautoclaim xclaim`,
  '-5': `blmpop bzmpop geoadd georadiusbymember georadiusbymember_ro xadd xgroup|create xgroup|setid
    zrangestore`,
  '-4': `acl|dryrun bitop command|getkeys command|getkeysandflags config|set geodist hmset hset lmpop
    xack xrange xread xrevrange xtrim zadd zdiffstore zinterstore zmpop zrange zrangebylex
    zrangebyscore zrevrange zrevrangebylex zrevrangebyscore zunionstore`,
  '-3': `acl|deluser acl|setuser bitpos blpop brpop bzpopmax bzpopmin client|kill client|pause
    client|tracking client|unblock config|get copy eval eval_ro evalsha evalsha_ro expire expireat
    fcall fcall_ro function|load function|restore hdel hmget hscan lpos lpush lpushx mset msetnx
    pexpire pexpireat rpush rpushx sadd script|exists sdiffstore set sintercard sinterstore
    smismember srem sscan sunionstore xdel xinfo|stream xpending xsetid zdiff zinter zintercard
    zmscore zrem zscan zunion`,
  '-2': `acl acl|cat acl|genpass acl|log auth bitcount bitfield bitfield_ro client client|list
    command|docs command|info command|list config del exists function function|flush function|list
    geohash geopos getex hrandfield lpop mget pfadd pfcount pfmerge psubscribe pubsub
    pubsub|channels pubsub|numsub pubsub|shardchannels pubsub|shardnumsub rpop scan script
    script|flush sdiff sinter slowlog slowlog|get sort sort_ro spop srandmember ssubscribe
    subscribe sunion touch unlink watch xgroup xinfo zpopmax zpopmin zrandmember`,
  '-1': `command flushall flushdb hello info ping punsubscribe quit shutdown sunsubscribe unsubscribe`,
  1: `dbsize discard exec lastsave monitor multi randomkey reset time unwatch`,
  2: `acl|help acl|list acl|load acl|save acl|users acl|whoami client|getname client|getredir
    client|help client|id client|info client|trackinginfo client|unpause command|count command|help
    config|help config|resetstat config|rewrite decr expiretime function|dump function|help
    function|kill function|stats get getdel hgetall hkeys hlen hvals incr keys llen persist
    pexpiretime pttl pubsub|help pubsub|numpat scard script|help script|kill select slowlog|help
    slowlog|len slowlog|reset smembers strlen ttl type xgroup|help xinfo|help xlen zcard`,
  3: `acl|getuser append client|caching client|no-evict client|reply client|setname decrby
    function|delete getbit getset hexists hget hstrlen incrby incrbyfloat lindex move publish
    rename renamenx rpoplpush script|debug script|load setnx sismember spublish xinfo|groups zrank
    zrevrank zscore`,
  4: `getrange hincrby hincrbyfloat hsetnx lrange lrem lset ltrim psetex setbit setex setrange smove
    substr xgroup|destroy xinfo|consumers zcount zincrby zlexcount zremrangebylex zremrangebyrank
    zremrangebyscore`,
  5: `linsert lmove xgroup|createconsumer xgroup|delconsumer`,
  6: `blmove`,
}

/** @type {ReadonlyMap<string, number>} */
export const ARITY = new Map(
  Object.entries(NAMES).flatMap(([arity, names]) => names.split(/\s+/).map((name) => [name, Number(arity)])),
)
