import { first, type Guest, top } from './guests.ts'

/** Guests that only a limit of time or memory ends. */
export const ENDLESS_GUESTS: readonly Guest[] = [
  { what: 'endless synchronous loop', answer: first('for (;;) {}'), says: /loop that never ends/ },
  {
    what: 'endless loop of microtasks',
    answer: first('for (;;) await null'),
    says: /loop that never ends/,
  },
  {
    what: 'endless loop at import',
    answer: top('for (;;) {}'),
    says: /loop that never ends/,
  },
  {
    what: 'endless loop of commands',
    answer: first("for (;;) await redis.get('x')"),
    says: /still sending commands after \d+ seconds/,
  },
  {
    what: 'promise that never settles',
    answer: first('await new Promise(() => {})'),
    says: /`append` never finished/,
  },
  {
    what: 'await at top level that never settles',
    answer: top('await new Promise(() => {})'),
    says: /still being loaded after \d+ seconds/,
  },
  {
    what: 'gigabytes on the heap',
    answer: first('const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill({}))'),
    says: /memory and was stopped/,
  },
  {
    what: 'gigabytes outside the heap',
    answer: first(
      'const all: Buffer[] = []; for (let i = 0; i < 40; i += 1) { all.push(Buffer.alloc(1e8, 1)); await redis.ping() }',
    ),
    says: /memory and was stopped/,
  },
  {
    what: 'blocking read without a time limit',
    answer: first("await redis.xread('BLOCK', 0, 'STREAMS', 'nothing', '$')"),
    says: /still waiting for the reply to XREAD.*0 means forever/,
  },
  {
    what: 'command queued after a blocking read',
    answer: first("void redis.xread('BLOCK', 60_000, 'STREAMS', 'nothing', '$'); await redis.ping()"),
    says: /still waiting for the reply to PING.*in line behind XREAD BLOCK 60000/,
  },
  {
    what: 'endless script',
    answer: first("await redis.eval('while true do end', 0)"),
    says: /script that `append` sent with `EVAL` never ends|A loop in the script never ends/,
  },
  {
    what: 'two endless scripts at once, whose errors are swallowed',
    answer: first(
      "const endless = (on: Redis) => on.eval('while true do end', 0).catch(() => {}); await Promise.all([endless(redis), endless(redis.duplicate())])",
    ),
    says: /script that `append` sent with `EVAL` never ends|A loop in the script never ends/,
  },
]
