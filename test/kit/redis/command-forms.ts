/**
 * Forms of commands that answers may use, and some that they may get wrong; every reply of the embedded server is compared
 * with that of a real one. One command per line, as for redis-cli; `LUA …` is EVAL of that script without keys, `2> …` comes from a
 * second client. Each group starts with an empty database.
 */
export const commandForms: Readonly<Record<string, string>> = {
  'xtrim forms': `
    XADD s 1-0 a 1
    XADD s 2-0 a 1
    XADD s 3-0 a 1
    XADD s 3-1 a 1
    XADD s 4-0 a 1
    XTRIM s MINID = 2-0
    XTRIM s MINID 3-0
    XTRIM s MINID = 3
    XTRIM s MAXLEN = 2
    XLEN s
    XTRIM s MAXLEN ~ 1
    XTRIM s MINID ~ 9
    XTRIM s MAXLEN ~ 0
    XTRIM s MAXLEN ~ 0 LIMIT 10
    XTRIM s MAXLEN = 0 LIMIT 10
    XTRIM s MAXLEN 0 LIMIT 10
    XTRIM s MINID ~ 5 LIMIT 0
    XLEN s
    XRANGE s - +
    XTRIM s MAXLEN -1
    XTRIM s MAXLEN x
    XTRIM s MINID x
    XTRIM s MINID ~ x
    XTRIM s FOO 1
    XTRIM s
    XTRIM s MAXLEN
    XTRIM s MAXLEN =
    XTRIM s MAXLEN 0
    XLEN s
    EXISTS s
    XTRIM s MAXLEN 0
    XTRIM nope MAXLEN 0
    XTRIM s maxlen ~ 3 limit -1
    XTRIM s MAXLEN 1 MINID 3
    XTRIM s MAXLEN ~ 3 LIMIT x`,
  'xtrim approx big': `
    LUA for i=1,250 do redis.call("XADD","s",i.."-0","a",i) end return 0
    XTRIM s MAXLEN ~ 90
    XLEN s
    XTRIM s MAXLEN ~ 60
    XLEN s
    XTRIM s MINID ~ 170
    XLEN s
    XTRIM s MAXLEN ~ 0
    XLEN s
    XINFO STREAM s`,
  'xtrim approx limit': `
    LUA for i=1,450 do redis.call("XADD","s",i.."-0","a",i) end return 0
    XTRIM s MAXLEN ~ 10 LIMIT 100
    XTRIM s MAXLEN ~ 10 LIMIT 150
    XTRIM s MAXLEN ~ 10 LIMIT 50
    XTRIM s MINID ~ 440 LIMIT 0
    XLEN s
    XRANGE s - + COUNT 1`,
  'xtrim approx bytes': `
    LUA for i=1,60 do redis.call("XADD","s",i.."-0","a",string.rep("x",700)) end return 0
    XTRIM s MAXLEN ~ 10
    XLEN s
    XTRIM s MAXLEN ~ 3
    XLEN s
    XADD s MAXLEN ~ 3 100-0 a b
    XLEN s`,
  'xtrim approx huge entries': `
    LUA for i=1,10 do redis.call("XADD","s",i.."-0","a",string.rep("x",5000)) end return 0
    XTRIM s MAXLEN ~ 3
    XLEN s`,
  'xtrim approx deleted': `
    LUA for i=1,250 do redis.call("XADD","s",i.."-0","a",i) end for i=1,99 do redis.call("XDEL","s",i.."-0") end return 0
    XLEN s
    XTRIM s MAXLEN ~ 150
    XLEN s
    XTRIM s MAXLEN ~ 50
    XLEN s
    XTRIM s MINID ~ 201
    XLEN s
    XRANGE s - + COUNT 1`,
  'xadd many maxlen ~': `
    LUA for i=1,350 do redis.call("XADD","s","MAXLEN","~",100,i.."-0","a",i) end return redis.call("XLEN","s")
    LUA for i=351,352 do redis.call("XADD","s","MINID","~","340",i.."-0","a",i) end return redis.call("XLEN","s")`,
  'xadd forms': `
    XADD s 1 a 1
    XADD s 1-* a 1
    XADD s 1-* a 1
    XADD s 1-1 a 1
    XADD s 0-0 a 1
    XADD s 0-* a 1
    XADD z 0-* a 1
    XADD s NOMKSTREAM 5-1 a 1
    XADD t NOMKSTREAM 5-1 a 1
    XADD t NOMKSTREAM * a 1
    EXISTS t
    XADD s MAXLEN 2 6-1 a 1
    XADD s MAXLEN = 2 7-1 a 1
    XADD s MAXLEN ~ 2 8-1 a 1
    XADD s NOMKSTREAM MAXLEN 2 9-1 a 1
    XADD s MAXLEN 2 NOMKSTREAM 10-1 a 1
    XADD s MINID = 9 11-0 a 1
    XADD s MINID 10 12-0 a 1
    XRANGE s - +
    XADD s 13-0 a
    XADD s 13-0
    XADD s
    XADD s 13-0 a 1 b
    XADD s x a 1
    XADD s 13-x a 1
    XADD s 18446744073709551615-18446744073709551615 a 1
    XADD s * a 1
    XADD s 18446744073709551616-0 a 1
    XADD s MAXLEN ~ 2 LIMIT 1 18446744073709551615-18446744073709551615 a 1
    XADD s MAXLEN 2 LIMIT 1 * a 1
    XADD s -1 a 1
    XADD s 20-0 "" ""
    XADD s 21-0 a 1 a 2
    XADD s MAXLEN 0 22-0 a 1
    XLEN s
    XADD q MAXLEN 0 1-0 a b
    XLEN q
    EXISTS q
    XADD s nomkstream maxlen 3 30-0 a b`,
  'xadd wrongtype': `
    SET k v
    XADD k * a 1
    XADD k 0-0 a 1
    XLEN k
    XRANGE k - +
    XREAD STREAMS k 0
    XINFO STREAM k
    XTRIM k MAXLEN 1
    XDEL k 1-0
    XGROUP CREATE k g 0
    XREADGROUP GROUP g c STREAMS k >
    XACK k g 1-0
    XPENDING k g
    XAUTOCLAIM k g c 0 0
    XCLAIM k g c 0 1-0
    XSETID k 5-0
    XADD k NOMKSTREAM * a 1
    XGROUP CREATE k g 0 MKSTREAM
    XGROUP DESTROY k g
    XREVRANGE k + -
    XINFO GROUPS k
    XINFO CONSUMERS k g`,
  xrange: `
    XADD s 1-0 a 1
    XADD s 1-1 a 1
    XADD s 2-0 a 1
    XADD s 3-5 a 1
    XRANGE s - +
    XRANGE s (1-0 +
    XRANGE s (1 +
    XRANGE s 1 1
    XRANGE s (1-0 (2-0
    XRANGE s - (2
    XRANGE s (- +
    XRANGE s - (+
    XRANGE s + -
    XRANGE s - + COUNT 0
    XRANGE s - + COUNT -1
    XRANGE s - + COUNT 2
    XRANGE s - + COUNT x
    XRANGE s - + LIMIT 2
    XRANGE s - + COUNT
    XRANGE s - + COUNT 2 COUNT 1
    XRANGE s x +
    XRANGE s 2-x +
    XRANGE nope - +
    XRANGE nope x +
    XRANGE nope - + COUNT x
    XREVRANGE s + - COUNT 1
    XREVRANGE s (2 -
    XREVRANGE s 2 (1-0
    XREVRANGE s - +
    XREVRANGE nope + - COUNT 1
    XRANGE s 0 18446744073709551615
    XRANGE s (18446744073709551615-18446744073709551615 +
    XRANGE s - (0-0
    XRANGE s 1-0 1-0
    XRANGE s $ +
    XRANGE s * +
    XRANGE s "" +
    XRANGE s 01-0 +
    XRANGE s 1- +
    XRANGE s -1 +
    XREVRANGE s + - COUNT 0
    XRANGE s - + count 1`,
  xread: `
    XADD s 1-0 a 1
    XADD s 2-0 a 1
    XADD t 1-0 b 1
    XREAD STREAMS s 0
    XREAD COUNT 1 STREAMS s t 0 0
    XREAD STREAMS s t 1 5
    XREAD STREAMS s 9
    XREAD COUNT 0 STREAMS s 0
    XREAD COUNT -1 STREAMS s 0
    XREAD STREAMS s
    XREAD STREAMS s t 0
    XREAD BLOCK 1 STREAMS s 9
    XREAD BLOCK -1 STREAMS s 0
    XREAD BLOCK x STREAMS s 0
    XREAD COUNT x STREAMS s 0
    XREAD STREAMS s $
    XREAD STREAMS s +
    XREAD STREAMS s >
    XREAD STREAMS nope 0
    XREAD STREAMS s x
    XREAD STREAMS s 1-x
    XREAD COUNT 1
    XREAD GROUP g c STREAMS s 0
    XREAD NOACK STREAMS s 0
    XREAD BLOCK 1 COUNT 1 STREAMS s 0
    XREAD STREAMS s (1
    XREAD BLOCK 0 STREAMS s 0
    XREAD BLOCK 1.5 STREAMS s 0
    XREAD STREAMS s s 0 1
    xread streams s 0
    XREAD FOO STREAMS s 0`,
  groups: `
    XGROUP CREATE s g $
    XGROUP CREATE s g $ MKSTREAM
    XGROUP CREATE s g 0
    XLEN s
    EXISTS s
    TYPE s
    XINFO STREAM s
    XINFO GROUPS s
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XADD s 4-0 a 4
    XINFO GROUPS s
    XREADGROUP GROUP g c1 COUNT 2 STREAMS s >
    XINFO GROUPS s
    XREADGROUP GROUP g c1 STREAMS s 0
    XREADGROUP GROUP g c1 STREAMS s 1-0
    XREADGROUP GROUP g c1 COUNT 1 STREAMS s 0
    XREADGROUP GROUP g c2 STREAMS s 0
    XREADGROUP GROUP g c2 COUNT 1 NOACK STREAMS s >
    XPENDING s g
    XPENDING s g - + 10
    XPENDING s g - + 10 c1
    XPENDING s g - + 10 nobody
    XPENDING s g IDLE 100000 - + 10
    XPENDING s g IDLE 0 - + 10 c1
    XPENDING s g - + 0
    XPENDING s g - +
    XPENDING s g (1-0 + 10
    XPENDING s g - (2-0 1
    XPENDING s g - + x
    XPENDING s g - + -1
    XPENDING s g IDLE x - + 10
    XPENDING s g x + 10
    XACK s g 1-0
    XACK s g 1-0
    XACK s g 2-0 3-0
    XACK s nope 1-0
    XACK nope g 1-0
    XACK s g x
    XACK s g
    XPENDING s g
    XPENDING s g - + 10
    XINFO CONSUMERS s g
    XREADGROUP GROUP g c1 STREAMS s >
    XREADGROUP GROUP g c1 STREAMS s >
    XINFO CONSUMERS s g
    XINFO GROUPS s
    XGROUP DELCONSUMER s g c1
    XGROUP DELCONSUMER s g c1
    XGROUP CREATECONSUMER s g c9
    XGROUP CREATECONSUMER s g c9
    XGROUP DESTROY s g
    XGROUP DESTROY s g
    XREADGROUP GROUP g c STREAMS s >
    XREADGROUP GROUP g c STREAMS nope >
    XPENDING s g
    XPENDING nope g
    XAUTOCLAIM s g c 0 0
    XCLAIM s g c 0 1-0
    XINFO CONSUMERS s g
    XINFO GROUPS nope
    XINFO STREAM nope
    XGROUP DELCONSUMER s nope c
    XGROUP CREATECONSUMER s nope c
    XGROUP SETID s nope 0
    XGROUP SETID nope nope 0
    XGROUP DESTROY nope g
    XGROUP CREATECONSUMER nope g c
    XGROUP DELCONSUMER nope g c`,
  'group lag': `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XADD s 4-0 a 4
    XADD s 5-0 a 5
    XGROUP CREATE s zero 0
    XGROUP CREATE s end $
    XGROUP CREATE s mid 2-0
    XGROUP CREATE s midr 2-0 ENTRIESREAD 2
    XGROUP CREATE s wrong 2-0 ENTRIESREAD 9
    XINFO GROUPS s
    XREADGROUP GROUP mid c COUNT 1 STREAMS s >
    XREADGROUP GROUP zero c COUNT 1 STREAMS s >
    XREADGROUP GROUP midr c COUNT 1 STREAMS s >
    XINFO GROUPS s
    XDEL s 4-0
    XINFO GROUPS s
    XREADGROUP GROUP zero c COUNT 1 STREAMS s >
    XREADGROUP GROUP zero c COUNT 10 STREAMS s >
    XREADGROUP GROUP midr c COUNT 10 STREAMS s >
    XINFO GROUPS s
    XADD s 6-0 a b
    XINFO GROUPS s
    XREADGROUP GROUP zero c STREAMS s >
    XREADGROUP GROUP mid c STREAMS s >
    XINFO GROUPS s
    XGROUP SETID s zero 0
    XINFO GROUPS s
    XGROUP SETID s zero 3-0 ENTRIESREAD 3
    XINFO GROUPS s
    XGROUP SETID s zero $
    XINFO GROUPS s
    XTRIM s MAXLEN 1
    XINFO GROUPS s
    XINFO STREAM s
    XTRIM s MAXLEN 0
    XINFO GROUPS s
    XADD s 7-0 a b
    XINFO GROUPS s`,
  'lag after trim ahead': `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XADD s 4-0 a 4
    XADD s 5-0 a 5
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c COUNT 1 STREAMS s >
    XTRIM s MAXLEN 1
    XINFO GROUPS s
    XREADGROUP GROUP g c COUNT 1 STREAMS s >
    XINFO GROUPS s
    XADD s 6-0 a 6
    XINFO GROUPS s
    XREADGROUP GROUP g c COUNT 1 STREAMS s >
    XINFO GROUPS s`,
  'lag after deletes': `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XGROUP CREATE s g 0
    XDEL s 1-0
    XINFO GROUPS s
    XREADGROUP GROUP g c COUNT 1 STREAMS s >
    XINFO GROUPS s
    XDEL s 3-0
    XINFO GROUPS s
    XREADGROUP GROUP g c STREAMS s >
    XINFO GROUPS s
    XDEL s 2-0
    XINFO GROUPS s
    XINFO STREAM s
    XGROUP CREATE s h 0
    XINFO GROUPS s
    XADD s 4-0 a b
    XINFO GROUPS s`,
  'xinfo full': `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c COUNT 1 STREAMS s >
    XREADGROUP GROUP g d COUNT 1 STREAMS s 0
    XINFO STREAM s FULL
    XINFO STREAM s FULL COUNT 1
    XINFO STREAM s FULL COUNT 0
    XINFO STREAM s FOO
    XINFO STREAM s FULL COUNT
    XINFO STREAM s FULL COUNT x
    XINFO
    XINFO STREAM
    XINFO FOO s
    XINFO GROUPS
    XINFO CONSUMERS s
    XINFO CONSUMERS s nope
    XINFO STREAM s`,
  xautoclaim: `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XADD s 4-0 a 4
    XADD s 5-0 a 5
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c STREAMS s >
    XAUTOCLAIM s g d 0 0 COUNT 2
    XAUTOCLAIM s g d 0 3-0 COUNT 2
    XAUTOCLAIM s g d 0 5-0 COUNT 2
    XAUTOCLAIM s g d 0 (5-0 COUNT 2
    XAUTOCLAIM s g d 0 - COUNT 2
    XAUTOCLAIM s g d 0 + COUNT 2
    XAUTOCLAIM s g d 0 0 JUSTID
    XAUTOCLAIM s g d 0 0 COUNT 1 JUSTID
    XAUTOCLAIM s g d 0 0 JUSTID COUNT 1
    XPENDING s g - + 10
    XDEL s 2-0 3-0
    XAUTOCLAIM s g d 0 0 COUNT 2
    XAUTOCLAIM s g d 0 0
    XPENDING s g - + 10
    XAUTOCLAIM s g d 1000000 0
    XAUTOCLAIM s g d -1 0
    XAUTOCLAIM s g d x 0
    XAUTOCLAIM s g d 0 x
    XAUTOCLAIM s g d 0 0 COUNT 0
    XAUTOCLAIM s g d 0 0 COUNT x
    XAUTOCLAIM s g d 0 0 FOO
    XAUTOCLAIM s nope d 0 0
    XAUTOCLAIM nope g d 0 0
    XAUTOCLAIM s g e 1000000 0
    XINFO CONSUMERS s g
    XAUTOCLAIM s g d 0
    XAUTOCLAIM s g d 0 0-0 COUNT 100`,
  'xautoclaim pages': `
    LUA for i=1,50 do redis.call("XADD","s",i.."-0","a",i) end redis.call("XGROUP","CREATE","s","g","0") redis.call("XREADGROUP","GROUP","g","c","STREAMS","s",">") redis.call("XCLAIM","s","g","c",0,"49-0","IDLE",5000000,"JUSTID") return 0
    XAUTOCLAIM s g d 1000000 0 COUNT 1
    XAUTOCLAIM s g d 1000000 11-0 COUNT 1
    XAUTOCLAIM s g d 1000000 41-0 COUNT 1
    XAUTOCLAIM s g d 1000000 0 COUNT 3
    XAUTOCLAIM s g d 1000000 0 COUNT 5`,
  'xautoclaim deleted pages': `
    LUA for i=1,50 do redis.call("XADD","s",i.."-0","a",i) end redis.call("XGROUP","CREATE","s","g","0") redis.call("XREADGROUP","GROUP","g","c","STREAMS","s",">") for i=1,45 do redis.call("XDEL","s",i.."-0") end return 0
    XAUTOCLAIM s g d 0 0 COUNT 2
    XPENDING s g
    XAUTOCLAIM s g d 0 0 COUNT 2
    XAUTOCLAIM s g d 0 0 COUNT 10`,
  xclaim: `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XADD s 3-0 a 3
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c COUNT 2 STREAMS s >
    XCLAIM s g d 0 1-0 2-0 3-0
    XCLAIM s g d 0 3-0 FORCE
    XCLAIM s g d 0 1-0 JUSTID
    XCLAIM s g d 0 1-0 IDLE 5000 RETRYCOUNT 7
    XPENDING s g - + 10
    XCLAIM s g d 1000000 1-0
    XDEL s 1-0
    XCLAIM s g e 0 1-0
    XPENDING s g - + 10
    XCLAIM s g e 0 9-0
    XCLAIM s g e 0 9-0 FORCE
    XCLAIM s g e x 1-0
    XCLAIM s g e 0
    XCLAIM s g e 0 x
    XCLAIM s g e 0 2-0 LASTID 9-0
    XCLAIM s g e 0 2-0 FOO
    XCLAIM s nope e 0 1-0
    XCLAIM nope g e 0 1-0
    XINFO GROUPS s
    XINFO CONSUMERS s g
    XCLAIM s g f 100000 2-0
    XINFO CONSUMERS s g
    XCLAIM s g f -1 2-0 JUSTID`,
  xreadgroup: `
    XADD s 1-0 a 1
    XADD s 2-0 a 2
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c NOACK STREAMS s 0
    XREADGROUP GROUP g c STREAMS s $
    XREADGROUP GROUP g c STREAMS s +
    XREADGROUP GROUP g c STREAMS s x
    XREADGROUP GROUP g c BLOCK 1 STREAMS s 0
    XREADGROUP GROUP g c COUNT 1 BLOCK 1 NOACK STREAMS s >
    XREADGROUP GROUP g c COUNT -1 STREAMS s >
    XREADGROUP GROUP g c BLOCK 1 STREAMS s >
    XDEL s 2-0
    XREADGROUP GROUP g d STREAMS s 0
    XREADGROUP GROUP g c STREAMS s
    XREADGROUP GROUP g STREAMS s >
    XREADGROUP STREAMS s >
    XREADGROUP COUNT 1 GROUP g c STREAMS s >
    XADD s 3-0 a b
    XREADGROUP COUNT 1 GROUP g c STREAMS s >
    XREADGROUP GROUP g c COUNT 0 STREAMS s >
    XREADGROUP GROUP g c COUNT x STREAMS s >
    XREADGROUP GROUP g c BLOCK -1 STREAMS s >
    XREADGROUP GROUP g c STREAMS s 0
    XREADGROUP GROUP g c STREAMS s 2-0
    XTRIM s MAXLEN 0
    XREADGROUP GROUP g c STREAMS s 0
    XADD t 1-0 a b
    XREADGROUP GROUP g c STREAMS s t > >
    XGROUP CREATE t g 0
    XADD s 4-0 a b
    XREADGROUP GROUP g c STREAMS s t > >
    XREADGROUP GROUP g c STREAMS s t > 0`,
  'xgroup args': `
    XADD s 1-0 a b
    XGROUP
    XGROUP CREATE
    XGROUP CREATE s
    XGROUP CREATE s g
    XGROUP CREATE s g x
    XGROUP CREATE s g -
    XGROUP CREATE s g 0 FOO
    XGROUP CREATE s g 0 ENTRIESREAD x
    XGROUP CREATE s g 0 ENTRIESREAD -1
    XGROUP CREATE s g2 0 ENTRIESREAD -2
    XGROUP CREATE s g3 0 MKSTREAM ENTRIESREAD 1
    XGROUP FOO s g
    XGROUP SETID s g 5-0
    XGROUP SETID s g x
    XGROUP CREATE s G 0
    XINFO GROUPS s
    xgroup create s low 0 mkstream
    XGROUP DELCONSUMER s g
    XGROUP DESTROY s`,
  xsetid: `
    XADD s 1-0 a b
    XADD s 2-0 a b
    XSETID s 1-0
    XSETID s 5-0
    XSETID s 6-0 ENTRIESADDED 10 MAXDELETEDID 3-0
    XINFO STREAM s
    XSETID nope 1-0
    XSETID s 7-0 ENTRIESADDED 1 MAXDELETEDID 0-0
    XSETID s x
    XSETID s 8-0 ENTRIESADDED 9
    XADD s 8-0 a b
    XSETID s 9-0 ENTRIESADDED -1 MAXDELETEDID 0-0
    XSETID s 9-0 ENTRIESADDED 20 MAXDELETEDID 10-0
    XDEL s 8-0
    XSETID s`,
  xdel: `
    XADD s 1-0 a b
    XADD s 2-0 a b
    XDEL s 1-0 1-0 9-0
    XDEL s 1
    XDEL s 2
    XLEN s
    XDEL s x
    XDEL nope 1-0
    XDEL nope x
    XDEL s
    XDEL s 2-0
    XINFO STREAM s
    XADD s 2-0 a b
    XADD s 1-5 a b
    XADD s 3-0 a b
    EXISTS s`,
  'copy del keep groups': `
    XADD s 1-0 a b
    XGROUP CREATE s g 0
    XREADGROUP GROUP g c STREAMS s >
    COPY s t
    XINFO GROUPS t
    XPENDING t g
    COPY s t
    COPY s t REPLACE
    COPY nope t
    RENAME t u
    XLEN u
    RENAMENX s u
    DEL u
    XLEN u
    COPY s s
    UNLINK s
    RENAME nope x
    COPY s t DB 1`,
  'watch basics': `
    WATCH s
    XADD s 1-0 a b
    MULTI
    XADD s 2-0 a b
    EXEC
    WATCH s
    MULTI
    XADD s 2-0 a b
    XLEN s
    EXEC
    WATCH s
    2> XADD s 3-0 a b
    MULTI
    XADD s 4-0 a b
    EXEC
    WATCH s
    2> XTRIM s MAXLEN 1
    MULTI
    PING
    EXEC
    WATCH s
    2> XTRIM s MAXLEN 100
    MULTI
    PING
    EXEC
    WATCH s
    2> XDEL s 3-0
    MULTI
    PING
    EXEC
    WATCH s
    2> XDEL s 3-0
    MULTI
    PING
    EXEC`,
  'watch groups': `
    XADD s 1-0 a b
    XADD s 2-0 a b
    WATCH s
    2> XGROUP CREATE s g 0
    MULTI
    PING
    EXEC
    WATCH s
    2> XREADGROUP GROUP g c COUNT 1 STREAMS s >
    MULTI
    PING
    EXEC
    WATCH s
    2> XACK s g 1-0
    MULTI
    PING
    EXEC
    WATCH s
    2> XSETID s 9-0
    MULTI
    PING
    EXEC
    WATCH s
    2> XGROUP DESTROY s g
    MULTI
    PING
    EXEC
    WATCH s
    2> XGROUP CREATE s h 0
    2> XCLAIM s h c 0 1-0 FORCE
    MULTI
    PING
    EXEC
    WATCH s
    2> XGROUP CREATECONSUMER s h c5
    MULTI
    PING
    EXEC
    WATCH s
    2> XGROUP SETID s h 0
    MULTI
    PING
    EXEC
    WATCH s
    2> XAUTOCLAIM s h c7 0 0
    MULTI
    PING
    EXEC
    WATCH s
    2> XGROUP DELCONSUMER s h c7
    MULTI
    PING
    EXEC`,
  'watch strings': `
    SET k 1
    WATCH k
    2> SET k 1
    MULTI
    PING
    EXEC
    WATCH k
    2> EXPIRE k 100
    MULTI
    PING
    EXEC
    WATCH k
    2> GET k
    MULTI
    PING
    EXEC
    WATCH k
    2> DEL k
    MULTI
    PING
    EXEC
    WATCH k
    2> DEL k
    MULTI
    PING
    EXEC
    SET k 1
    WATCH k
    2> DEL k
    2> SET k 1
    MULTI
    PING
    EXEC
    WATCH k
    UNWATCH
    2> SET k 2
    MULTI
    PING
    EXEC
    WATCH k
    2> SET k 3
    MULTI
    DISCARD
    MULTI
    PING
    EXEC
    WATCH k
    2> SET k 4 NX
    MULTI
    PING
    EXEC
    WATCH k
    2> FLUSHDB
    MULTI
    PING
    EXEC
    WATCH k
    2> FLUSHDB
    MULTI
    PING
    EXEC
    WATCH k k2
    2> SET k2 x
    MULTI
    PING
    EXEC
    WATCH k
    2> RENAME k2 k
    MULTI
    PING
    EXEC
    WATCH k
    2> COPY k k3
    MULTI
    PING
    EXEC
    WATCH k
    2> PERSIST k
    MULTI
    PING
    EXEC
    WATCH
    MULTI
    WATCH k
    EXEC
    EXEC
    DISCARD
    MULTI
    MULTI
    EXEC`,
  'watch collections': `
    HSET h a 1
    SADD s a
    ZADD z 1 a
    RPUSH l a
    WATCH h
    2> HSET h a 1
    MULTI
    PING
    EXEC
    WATCH h
    2> HSET h a 2
    MULTI
    PING
    EXEC
    WATCH h
    2> HSETNX h a 2
    MULTI
    PING
    EXEC
    WATCH h
    2> HDEL h zz
    MULTI
    PING
    EXEC
    WATCH s
    2> SADD s a
    MULTI
    PING
    EXEC
    WATCH s
    2> SADD s b
    MULTI
    PING
    EXEC
    WATCH s
    2> SREM s zz
    MULTI
    PING
    EXEC
    WATCH z
    2> ZADD z 1 a
    MULTI
    PING
    EXEC
    WATCH z
    2> ZADD z 2 a
    MULTI
    PING
    EXEC
    WATCH z
    2> ZADD z GT 1 a
    MULTI
    PING
    EXEC
    WATCH z
    2> ZREM z zz
    MULTI
    PING
    EXEC
    WATCH l
    2> LTRIM l 0 -1
    MULTI
    PING
    EXEC
    WATCH l
    2> LREM l 0 zz
    MULTI
    PING
    EXEC
    WATCH l
    2> LPUSHX nope a
    MULTI
    PING
    EXEC
    WATCH h
    2> HINCRBY h n 0
    MULTI
    PING
    EXEC
    WATCH l
    2> LSET l 0 a
    MULTI
    PING
    EXEC
    WATCH z
    2> ZINCRBY z 0 a
    MULTI
    PING
    EXEC
    WATCH k
    2> EVAL "return redis.call('SET',KEYS[1],1)" 1 k
    MULTI
    PING
    EXEC
    WATCH k
    2> EVAL "return redis.call('GET',KEYS[1])" 1 k
    MULTI
    PING
    EXEC`,
  'watch own script': `
    WATCH k
    EVAL "return redis.call('SET',KEYS[1],1)" 1 k
    MULTI
    PING
    EXEC`,
  'multi errors': `
    MULTI
    FOO
    PING
    EXEC
    MULTI
    SET k
    EXEC
    SET k v
    MULTI
    LPUSH k a
    SET j 1
    INCR k
    EXEC
    GET j
    MULTI
    XADD s 1-0 a b
    XADD s 1-0 a b
    XADD s 2-0 a b
    EXEC
    XLEN s
    MULTI
    XADD s x a b
    EXEC
    MULTI
    XADD s
    EXEC
    MULTI
    XADD s 5-0 a
    XLEN s
    EXEC
    MULTI
    XTRIM s MAXLEN foo
    EXEC
    MULTI
    XGROUP FOO
    EXEC
    MULTI
    XREADGROUP GROUP nope c BLOCK 0 STREAMS s >
    XREAD BLOCK 0 STREAMS s $
    BLPOP nolist 0
    EXEC
    MULTI
    EVAL "return redis.call('XADD',KEYS[1],'1-0','a','b')" 1 s
    EXEC
    MULTI
    EVAL "return 1" x
    EXEC
    MULTI
    EXEC
    MULTI
    GET
    EXEC
    MULTI
    ZADD z x a
    EXEC
    MULTI
    SET k v FOO
    EXEC
    MULTI
    EXPIRE k x
    EXEC
    MULTI
    HSET h a
    EXEC
    MULTI
    XRANGE s - + COUNT x
    EXEC
    MULTI
    XGROUP CREATE s g
    EXEC
    MULTI
    EVALSHA deadbeef 0
    EXEC
    MULTI
    PUBLISH c m
    EXEC
    MULTI
    SELECT 0
    EXEC
    MULTI
    XAUTOCLAIM s g
    EXEC
    MULTI
    XACK s g x
    EXEC
    MULTI
    ZRANGE z 0
    EXEC
    MULTI
    SET k v EX 0
    GET k
    EXEC
    MULTI
    ZADD z 1
    EXEC
    MULTI
    XADD s MAXLEN x 9-0 a b
    EXEC
    MULTI
    EXEC foo
    DISCARD
    MULTI
    DISCARD foo
    EXEC
    MULTI
    WATCH k
    PING
    EXEC
    MULTI
    UNWATCH
    EXEC
    MULTI
    CONFIG GET maxmemory
    EXEC`,
  'lua basics': `
    LUA return 1
    LUA return "a"
    LUA return {1,2,"c",nil,4}
    LUA return {}
    LUA return nil
    LUA return false
    LUA return true
    LUA return 3.99
    LUA return -3.99
    LUA return {ok="fine"}
    LUA return {err="ERR mine"}
    LUA return {err="MINE it failed"}
    LUA return redis.status_reply("GOOD")
    LUA return redis.error_reply("MINE it")
    LUA return redis.error_reply("mine")
    LUA return tostring(1e14)
    LUA return tostring(1e15)
    LUA return tostring(123456789012345678)
    LUA return 1e15
    LUA return 2^53
    LUA return 2^53+1
    LUA return 9007199254740993
    LUA return tostring(2^53)
    LUA return 0.1+0.2 ..""
    LUA return {1.5,2.9}
    LUA return tonumber("0x10")
    LUA return tonumber("1e3")
    LUA return tonumber("")==nil
    LUA return tonumber(nil)
    LUA return tonumber("1-0")==nil
    LUA return string.format("%d", 12345678901234)
    LUA return string.format("%.0f", 12345678901234567)
    LUA return -1/0
    LUA return {1,{2,{3}}}
    LUA return {a=1}
    LUA return {1,nil,3}
    LUA return redis.sha1hex("a")
    LUA return #ARGV
    LUA return KEYS[1]
    LUA return ARGV[1]
    LUA return {KEYS[1] or "none", type(KEYS)}
    LUA return _VERSION
    LUA return type(redis.log)
    LUA redis.log(redis.LOG_WARNING,"x") return 1
    LUA return redis.REDIS_VERSION
    LUA return redis.REDIS_VERSION_NUM
    LUA return bit.band(7,3)
    LUA return math.random(1,1)
    LUA return math.floor(3.7)
    LUA return table.concat({1,2,3},",")
    LUA return select("#",1,2,3)
    LUA return string.rep("a",5)
    LUA return ("a,b,c"):match("([^,]+),")
    LUA return {string.find("a-b","-",1,true)}
    LUA return string.gsub("abc","b","x")
    LUA return loadstring("return 7")()
    LUA return os.time()>0
    LUA return type(os.clock())
    LUA return type(os.date)
    LUA return type(io)
    LUA return type(require)
    LUA return type(print)
    LUA return type(dofile)
    LUA return type(setmetatable)
    LUA return type(struct)
    LUA return type(cmsgpack)
    LUA return type(redis.setresp)
    LUA return redis.replicate_commands()
    LUA return redis.set_repl and 1 or 0
    LUA local t = {} for i=1,3 do t[#t+1]=i end return t`,
  'lua calls': `
    LUA return redis.call("SET","k","v")
    LUA return redis.call("GET","k")
    LUA return redis.call("GET","nope")
    LUA return type(redis.call("GET","nope"))
    LUA return redis.call("SET","k","v").ok
    LUA return redis.call("INCR","k")
    LUA return redis.pcall("INCR","k")
    LUA return redis.pcall("INCR","k").err
    LUA return redis.call("FOO")
    LUA return redis.pcall("FOO")
    LUA return redis.pcall("FOO").err
    LUA return redis.call("GET")
    LUA return redis.pcall("GET").err
    LUA return redis.call()
    LUA return redis.call({})
    LUA return redis.call("SET","k",nil)
    LUA return redis.call("SET","k",true)
    LUA return redis.call("SET","k",{})
    LUA return redis.call("SET","n",1)
    LUA redis.call("SET","n",1.5) return redis.call("GET","n")
    LUA redis.call("SET","n",1e14) return redis.call("GET","n")
    LUA redis.call("SET","n",1e15) return redis.call("GET","n")
    LUA redis.call("SET","n",1e17) return redis.call("GET","n")
    LUA redis.call("SET","n",2^53) return redis.call("GET","n")
    LUA redis.call("SET","n",0.1) return redis.call("GET","n")
    LUA redis.call("SET","n",-0) return redis.call("GET","n")
    LUA redis.call("SET","n",3.0) return redis.call("GET","n")
    LUA redis.call("SET","n",1234567890123) return redis.call("GET","n")
    LUA redis.call("SET","n",1/3) return redis.call("GET","n")
    LUA return redis.call("LPUSH","k","a")
    LUA local ok, e = pcall(redis.call,"LPUSH","k","a") return {tostring(ok), type(e), type(e)=="table" and e.err or e}
    LUA local r = redis.pcall("LPUSH","k","a") return {type(r), r.err}
    LUA local r = redis.pcall("XADD","s","0-0","a","b") return r.err
    LUA return redis.call("XADD","s","0-0","a","b")
    LUA return redis.call("XADD","s","1-0","a","b")
    LUA return redis.call("XADD","s","1-0","a","b")
    LUA return redis.pcall("XADD","s","1-0","a","b")
    LUA return redis.call("XRANGE","s","-","+")
    LUA return redis.call("XREVRANGE","s","+","-","COUNT",1)[1][1]
    LUA return #redis.call("XRANGE","none","-","+")
    LUA return redis.call("XREAD","STREAMS","s","0")
    LUA return redis.call("XREAD","STREAMS","s","9")
    LUA return type(redis.call("XREAD","STREAMS","s","9"))
    LUA return redis.call("XREAD","BLOCK",0,"STREAMS","s","9")
    LUA return redis.call("BLPOP","nolist",0)
    LUA return redis.call("HGETALL","nope")
    LUA redis.call("HSET","h","a",1,"b",2) return redis.call("HGETALL","h")
    LUA return redis.call("HMGET","h","a","zz")
    LUA return redis.call("EXISTS","h")
    LUA return redis.call("TYPE","h")
    LUA return redis.call("TYPE","h").ok
    LUA return redis.call("ZSCORE","z","a")
    LUA redis.call("ZADD","z",1.5,"a") return redis.call("ZSCORE","z","a")
    LUA return redis.call("ZADD","z","INCR",1,"a")
    LUA return redis.call("XINFO","STREAM","s")
    LUA return redis.call("XINFO","STREAM","none")
    LUA return redis.call("MULTI")
    LUA return redis.call("SUBSCRIBE","c")
    LUA return redis.call("PUBLISH","c","m")
    LUA return redis.call("EVAL","return 1",0)
    LUA return redis.call("WATCH","k")
    LUA return redis.call("TIME")[1]>"1"
    LUA return redis.call("RANDOMKEY")~=nil
    LUA return redis.call("SCAN","0","COUNT",1000)[1]
    LUA return redis.call("DEL","k","h")
    LUA return redis.call("KEYS","*")~=nil
    LUA return redis.call("XGROUP","CREATE","s","g","0")
    LUA return redis.call("XGROUP","CREATE","s","g","0")
    LUA return redis.call("XREADGROUP","GROUP","g","c","STREAMS","s",">")
    LUA return redis.call("XPENDING","s","g","-","+",10)[1][1]
    LUA return redis.call("XACK","s","g","1-0")
    LUA return redis.call("XREADGROUP","GROUP","g","c","BLOCK",0,"STREAMS","s",">")
    LUA return redis.call("SELECT",0)
    LUA return redis.call("CONFIG","GET","maxmemory")
    LUA return redis.call("PING")
    LUA return redis.call("ECHO","x")
    LUA return redis.call("FLUSHDB")`,
  'lua errors': String.raw`
    LUA error("boom")
    LUA error({err="ERR boom"})
    LUA error({err="MINE boom"})
    LUA error("MINE boom")
    LUA local a = nil; return a.b
    LUA return undefined_var
    LUA foo = 1
    LUA syntax error here
    LUA return 1 +
    LUA return redis.call("INCR","a","b")
    LUA assert(false,"no")
    LUA return assert(nil)
    LUA return unpack({1,2,3})
    LUA local t={} for i=1,9000 do t[i]=i end return #{unpack(t)}
    LUA local t={} for i=1,8000 do t[i]="a"..i end return redis.call("RPUSH","l",unpack(t))
    LUA local t={} for i=1,7000 do t[i]="a"..i end return redis.call("RPUSH","l2",unpack(t))
    LUA return cjson.decode("{")
    LUA return cjson.encode({a=1})
    LUA return cjson.encode({1,2})
    LUA return cjson.encode({})
    LUA return cjson.encode(cjson.null)
    LUA return cjson.decode("{\"a\":null}").a == cjson.null
    LUA return cjson.decode("[1,2.5,1e3]")
    LUA return tostring(cjson.decode("12345678901234567"))
    LUA return cjson.encode(12345678901234567)
    LUA return cjson.encode(1e14)
    LUA return cjson.encode(0.1)
    LUA return cjson.encode(100)
    LUA return cjson.encode("é/\"x")
    LUA return cjson.encode({a={b={1}}})
    LUA return cjson.decode("\"x\"")
    LUA return cjson.decode("")
    LUA return cjson.decode("[]")
    LUA return cjson.encode(cjson.decode("{}"))
    LUA return cjson.encode(cjson.decode("[]"))
    LUA return cjson.encode({[1]=1,[3]=3})
    LUA return cjson.encode(1/0)
    LUA return cjson.encode({true,false})
    LUA return type(cmsgpack.pack({1,2}))
    LUA return cmsgpack.unpack(cmsgpack.pack({1,"a"}))
    LUA return string.format("%s", nil)
    LUA return "a"..nil
    LUA return #nil
    LUA return {1,2}+1
    LUA return pcall(error,"x")
    LUA local ok,e=pcall(error,{err="X y"}) return e
    LUA return select(2,pcall(function() error("in") end))
    LUA return redis.call("SET","a","b","FOO")
    LUA redis.call("SET","a","b") return redis.call("HGET","a","b")
    LUA redis.call("SET","before","1") error("after")
    GET before
    LUA redis.call("SET","before2","1") redis.call("LPUSH","before2","x")
    GET before2
    LUA return tostring(nil)
    LUA return tostring({})~=nil
    LUA local function f() return f() + 1 end return f()
    EVAL "return 1" x
    EVAL "return 1" 2 a
    EVAL "return 1"
    EVAL "return {KEYS[1],ARGV[1]}" 1 a b`,
  'lua type of args': String.raw`
    EVAL "return type(ARGV[1])" 0 5
    EVAL "return ARGV[1]+1" 0 5
    EVAL "return ARGV[1]==5" 0 5
    EVAL "return tonumber(ARGV[1])==5" 0 5
    EVAL "return ARGV[1]<ARGV[2]" 0 10 9
    EVAL "return ARGV[1]<5" 0 1
    EVAL "return {#KEYS,#ARGV}" 2 a b c
    EVAL "return redis.call(unpack(ARGV))" 0 SET k v
    EVAL "return redis.call('XADD',KEYS[1],unpack(ARGV))" 1 s 5-0 a 1 b 2
    EVAL "return redis.call('XLEN',KEYS[1])" 1 s
    EVAL "local v = redis.call('GET',KEYS[1]) if v then return v else return 'none' end" 1 nope
    EVAL "local v = redis.call('GET',KEYS[1]) if v == false then return 1 end if v == nil then return 2 end" 1 nope
    EVAL "return redis.call('HGET',KEYS[1],'a')" 1 nope
    EVAL "return redis.call('LPOP',KEYS[1])" 1 nope
    EVAL "return redis.call('LRANGE',KEYS[1],0,-1)" 1 nope
    EVAL "#!lua\nreturn 1" 0
    EVAL_RO "return redis.call('GET',KEYS[1])" 1 k
    EVAL_RO "return redis.call('SET',KEYS[1],1)" 1 k
    EVAL "return {1,2,{err='X y'},{ok='z'}}" 0`,
  evalsha: `
    SCRIPT LOAD "return 5"
    EVALSHA 4ca238f611c9d0ae4e9a75a5dbac22aedc1e44b2 0
    EVALSHA ffffffffffffffffffffffffffffffffffffffff 0
    EVALSHA x 0
    SCRIPT EXISTS ffffffffffffffffffffffffffffffffffffffff
    SCRIPT LOAD "return KEYS"
    SCRIPT FLUSH
    SCRIPT FLUSH SYNC
    SCRIPT FLUSH X
    SCRIPT EXISTS
    SCRIPT KILL
    SCRIPT FOO
    EVALSHA_RO ffffffffffffffffffffffffffffffffffffffff 0`,
  functions: String.raw`
    FUNCTION LOAD "#!lua name=mylib\nredis.register_function('f', function(keys, args) return {keys[1], args[1]} end)"
    FCALL f 1 a b
    FCALL f 0
    FUNCTION LOAD "#!lua name=mylib\nredis.register_function('f', function(keys, args) return 2 end)"
    FUNCTION LOAD REPLACE "#!lua name=mylib\nredis.register_function('f', function(keys, args) return redis.call('INCR', keys[1]) end)"
    FCALL f 1 n
    FCALL_RO f 1 n
    FCALL nope 0
    FUNCTION LOAD "return 1"
    FUNCTION DELETE mylib
    FUNCTION DELETE mylib
    FCALL f 1 n
    FUNCTION FLUSH
    FUNCTION STATS
    FUNCTION LOAD "#!lua name=l3\nlocal function help(x) return x*2 end\nlocal N = 7\nredis.register_function('g', function(keys,args) return help(N) end)"
    FCALL g 0
    FUNCTION LOAD "#!lua name=l6\nredis.register_function('e', function(keys,args) return redis.error_reply('MINE no') end)"
    FCALL e 0
    FUNCTION LOAD "#!lua name=l7\nredis.register_function('w', function(keys,args) return redis.call('LPUSH',keys[1],1) end)"
    SET str 1
    FUNCTION FLUSH`,
  strings: `
    SET k v
    SET k v2 GET
    SET new v GET
    SET k v3 NX
    SET k v3 NX GET
    SET k v4 XX
    SET nope v XX
    SET nope v XX GET
    SET k v EX 100
    TTL k
    SET k v KEEPTTL
    TTL k
    SET k v
    TTL k
    SET k v PX 100000
    SET k v EXAT 99999999999
    SET k v PXAT 1
    GET k
    SET k v EX 0
    SET k v EX -1
    SET k v EX x
    SET k v EX 10 PX 10
    SET k v NX XX
    SET k
    SET k v FOO
    SETNX k 1
    SETNX k2 1
    GETDEL k
    GETDEL k
    GETEX k2 EX 10
    TTL k2
    GETEX k2 PERSIST
    TTL k2
    GETSET k2 x
    APPEND k2 y
    STRLEN k2
    GETRANGE k2 0 -1
    SETRANGE k2 5 z
    MSET a 1 b 2
    MGET a b nope
    MSETNX a 1 c 2
    INCR n
    INCRBY n 5
    INCRBY n -10
    DECR n
    DECRBY n 3
    INCRBYFLOAT n 1.5
    INCR k2
    SET big 9223372036854775807
    INCR big
    SET f 1.0
    INCR f
    INCRBYFLOAT f 0.1
    SETEX k 10 v
    SETEX k 0 v
    PSETEX k 10000 v
    LPUSH l a
    GET l
    INCR l
    SET l v GET
    GETDEL l
    GETSET l v
    MGET l
    SET l v
    TYPE l
    SET k "" 
    GET k
    SUBSTR k 0 1`,
  expire: `
    EXPIRE nope 10
    SET k v
    EXPIRE k 100
    EXPIRE k 50 GT
    EXPIRE k 200 GT
    EXPIRE k 300 LT
    EXPIRE k 100 LT
    EXPIRE k 10 NX
    EXPIRE k 10 XX
    EXPIRE k 10 NX XX
    EXPIRE k 10 FOO
    EXPIRE k x
    EXPIRE k -1
    EXISTS k
    SET k v
    PEXPIRE k 100000
    PERSIST k
    PERSIST k
    TTL k
    PTTL nope
    EXPIREAT k 99999999999
    EXPIRETIME k
    PEXPIRETIME k
    EXPIRETIME nope
    PEXPIREAT k 1
    EXISTS k
    SET k v
    EXPIRE k 10 GT
    EXPIRE k 10 LT
    TOUCH k nope
    EXPIRE k 0
    GET k`,
  hashes: `
    HSET h a 1 b 2
    HSET h a 1
    HSET h a
    HSET h
    HGET h a
    HGET h nope
    HGET nope a
    HGETALL h
    HGETALL nope
    HMGET h a nope
    HDEL h a nope
    HDEL h b
    EXISTS h
    HSETNX h a 1
    HSETNX h a 2
    HINCRBY h n 5
    HINCRBY h a x
    HINCRBYFLOAT h f 1.5
    HKEYS h
    HVALS h
    HLEN h
    HEXISTS h a
    HSTRLEN h a
    HMSET h x 1 y 2
    HSCAN h 0
    HSCAN h 0 MATCH x*
    HSCAN h 0 COUNT 100
    HSCAN nope 0
    HSCAN h x
    HSCAN h 0 NOVALUES
    SET s v
    HSET s a 1
    HGET s a
    HGETALL s
    HRANDFIELD nope
    HRANDFIELD nope 2
    HRANDFIELD s
    HINCRBY h x 9223372036854775807
    HSET h str abc
    HINCRBY h str 1
    HINCRBYFLOAT h str 1
    HEXPIRE h 10 FIELDS 1 a
    HGETDEL h FIELDS 1 a
    HSETEX h FIELDS 1 a 1`,
  lists: `
    RPUSH l a b c
    LPUSH l z
    LRANGE l 0 -1
    LRANGE l -2 -1
    LRANGE l 5 9
    LRANGE nope 0 -1
    LINDEX l 0
    LINDEX l 9
    LLEN l
    LPOP l
    LPOP l 2
    RPOP l
    LPOP l
    LPOP l 2
    EXISTS l
    RPUSH l a b c d
    LMOVE l m LEFT RIGHT
    LMOVE nope m LEFT RIGHT
    RPOPLPUSH l m
    LREM l 0 b
    LSET l 0 x
    LSET l 9 x
    LSET nope 0 x
    LINSERT l BEFORE x y
    LINSERT l BEFORE zz y
    LTRIM l 0 0
    LPOS l y
    LPOS l zz
    LPUSHX nope a
    RPUSHX l a
    SET s v
    RPUSH s a
    LRANGE s 0 -1
    LLEN s
    LPOP l 0
    LPOP l -1
    BLPOP l 1
    BLMOVE l m LEFT LEFT 1
    BRPOP nope 0.01
    LMPOP 1 m LEFT
    LMPOP 1 nope LEFT
    LRANGE l a b
    RPUSH l`,
  sets: `
    SADD s a b c
    SADD s a
    SCARD s
    SISMEMBER s a
    SMISMEMBER s a zz
    SREM s a zz
    SORT s ALPHA
    SINTER s nope
    SUNION s nope
    SDIFF s nope
    SADD t b
    SINTERCARD 2 s t
    SDIFFSTORE d s t
    SMEMBERS d
    SMOVE s d b
    SPOP nope
    SPOP nope 2
    SRANDMEMBER nope
    SSCAN s 0
    SSCAN nope 0
    SET x v
    SADD x a
    SMEMBERS x
    SMEMBERS nope
    SREM d b c
    EXISTS d
    SADD s
    SUNIONSTORE u s t
    SINTERSTORE i s t
    SORT nope
    SSCAN s 0 MATCH zz`,
  zsets: `
    ZADD z 1 a 2 b 3 c
    ZADD z NX 5 a
    ZADD z XX 5 a
    ZADD z XX 5 zz
    ZADD z GT 1 a
    ZADD z GT 9 a
    ZADD z LT 3 a
    ZADD z CH 4 a
    ZADD z GT CH 8 a 1 new
    ZADD z INCR 1 a
    ZADD z NX INCR 1 a
    ZADD z GT LT 1 a
    ZADD z NX GT 1 a
    ZADD z NX XX 1 a
    ZADD z INCR 1 a 2 b
    ZADD z x a
    ZADD z 1
    ZADD z nan a
    ZADD z inf inf
    ZADD z -inf minf
    ZSCORE z inf
    ZRANGE z 0 -1
    ZRANGE z 0 -1 REV
    ZRANGE z (2 +inf BYSCORE
    ZRANGE z +inf (2 BYSCORE REV
    ZRANGE z +inf -inf BYSCORE REV LIMIT 0 2
    ZRANGE z -inf +inf BYSCORE LIMIT 1 1 WITHSCORES
    ZRANGE z - + BYLEX
    ZRANGE z 0 -1 LIMIT 0 1
    ZRANGE z a b BYSCORE
    ZRANGEBYSCORE z -inf +inf LIMIT 0 1
    ZRANGEBYSCORE z (1 3 WITHSCORES
    ZREVRANGEBYSCORE z +inf -inf LIMIT 0 -1
    ZREVRANGE z 0 0 WITHSCORES
    ZRANK z a
    ZREVRANK z a
    ZRANK z zz
    ZRANK z a WITHSCORE
    ZCARD z
    ZCOUNT z -inf (3
    ZREM z a zz
    ZREMRANGEBYSCORE z -inf (2
    ZREMRANGEBYRANK z 0 0
    ZPOPMIN z
    ZPOPMAX z 2
    ZPOPMIN nope
    ZINCRBY z 1.5 q
    ZINCRBY z x q
    ZMSCORE z q nope
    ZADD z 1.1 f 1e20 g 0.1 h 1234567890123 i 9007199254740993 j
    ZSCORE z nope
    ZRANGESTORE d z 0 -1
    ZINTER 2 z d
    ZDIFF 2 z d
    ZUNIONSTORE u 2 z d WEIGHTS 1 2
    ZINTERSTORE v 2 z d AGGREGATE MAX
    ZLEXCOUNT z - +
    ZRANDMEMBER nope
    ZMPOP 1 nope MIN
    BZPOPMIN nope 0.01
    SET s v
    ZADD s 1 a
    ZRANGE s 0 -1
    ZADD l 0 a 0 b 0 c
    ZRANGEBYLEX l [b +
    ZRANGEBYLEX l - (c LIMIT 0 1
    ZRANGEBYLEX l b c
    ZREMRANGEBYLEX l - [a
    ZREVRANGEBYLEX l + -
    ZINTERCARD 2 z d`,
  keys: `
    SET a 1
    SET b 1
    HSET h a 1
    XADD s 1-0 a b
    KEYS a*
    TYPE h
    TYPE s
    TYPE nope
    EXISTS a b nope a
    DEL a nope
    UNLINK b
    DBSIZE
    SCAN 0 COUNT 100 TYPE stream
    SCAN 0 MATCH h* COUNT 100
    SCAN 0 MATCH zz
    SCAN x
    SCAN 0 COUNT 0
    SCAN 0 TYPE nonsense
    SET n 12
    SET n abc
    APPEND n x
    SADD si 1 2
    SADD si a
    ZADD z 1 a
    RPUSH l a
    EXISTS
    MOVE n 1
    SELECT 1
    GET n
    SELECT 0
    SELECT 99
    FLUSHDB
    DBSIZE
    SORT l
    SORT_RO l ALPHA
    WAIT 0 0`,
  server: `
    PING
    PING x
    ECHO a
    CLIENT GETNAME
    CLIENT SETNAME bob
    CLIENT GETNAME
    CLIENT SETNAME "a b"
    CLIENT SETINFO LIB-NAME x
    CLIENT NO-EVICT on
    CLIENT FOO
    CLIENT KILL ID 999999
    CONFIG GET maxmemory-policy
    CONFIG GET appendonly
    CONFIG GET nothing
    CONFIG SET nothing 1
    CONFIG RESETSTAT
    CONFIG GET notify-keyspace-events
    CONFIG SET notify-keyspace-events KEA
    CONFIG GET notify-keyspace-events
    CONFIG SET notify-keyspace-events ""
    CONFIG SET maxmemory 0
    CONFIG GET maxmemory
    AUTH x
    AUTH default x
    HELLO 5
    HELLO x
    ACL WHOAMI
    SLOWLOG RESET
    ROLE
    INFO nothing
    COMMAND GETKEYS GET a
    COMMAND GETKEYS XREADGROUP GROUP g c STREAMS a b 0 0
    foo
    FOO BAR baz
    get
    GET a b`,
  pubsub: `
    PUBLISH c m
    PUBSUB CHANNELS
    PUBSUB NUMSUB c
    PUBSUB NUMPAT
    PUBSUB NUMSUB
    PUBLISH
    SPUBLISH c m
    PUBSUB SHARDCHANNELS`,
  bits: `
    SETBIT b 7 1
    GETBIT b 7
    BITCOUNT b
    PFADD p a
    PFCOUNT p
    BITFIELD b INCRBY u8 0 1
    BITPOS b 1`,
  geo: `
    GEOADD g 13.36 38.11 a
    GEODIST g a nope`,
}
