/** Answers that misbehave, and what a learner has to read about each. `GOOD` is a right answer to build on. */
export interface Guest {
  readonly what: string
  readonly answer: string | Uint8Array
  /** In the diagnosis; a guest without one is harmless and has to pass. */
  readonly says?: RegExp
  /** What the harmless ones print or leave is told beside the verdict. */
  readonly tells?: RegExp
}

export const GOOD = `import type { Redis } from 'ioredis'
export class Conflict extends Error {}
const LUA = \`if redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[2]) then return redis.error_reply('CONFLICT') end
redis.call('XADD', KEYS[1], '*', 'value', ARGV[1])
return redis.call('RPUSH', KEYS[2], ARGV[1])\`
export async function append(redis: Redis, key: string, value: string, expected: number): Promise<void> {
  /* here */
  try {
    await redis.eval(LUA, 2, key, 'log', value, expected)
  } catch (error) {
    if (String(error).includes('CONFLICT')) throw new Conflict()
    throw error
  }
}
`
export const first = (code: string) => GOOD.replace('/* here */', () => code)
/** `code` runs right before the answer closes its own connection and returns. */
const closingAtTheEnd = (code: string) =>
  first('const own = redis.duplicate(); await own.ping()').replace(
    /throw error\n {2}\}/,
    (end) => `${end} finally {\n    ${code}\n    own.disconnect()\n  }`,
  )
export const top = (code: string) => `${code}\n${GOOD}`

export const GUESTS: readonly Guest[] = [
  {
    what: 'syntax error',
    answer: `${GOOD}\nconst = 5`,
    says: /isn't valid TypeScript.*\(line 16: `const = 5`\)\.$/m,
  },
  {
    what: 'ends too early',
    answer: `${GOOD}\nexport const list = [\n`,
    says: /isn't valid TypeScript: Unexpected end of file \(line 17\)\.$/m,
  },
  {
    what: 'missing comma',
    answer: `${GOOD}\nexport const two = {\n  a: 1\n  b: 2,\n}`,
    says: /found "b" \(line 18: `b: 2,`\)\. A comma or a bracket may be missing at the end of the line before it/,
  },
  {
    what: 'type-only file',
    answer: 'export type append = string\nexport interface Conflict { a: 1 }',
    says: /only as a type/,
  },
  {
    what: 'missing export',
    answer: 'export class Conflict extends Error {}',
    says: /doesn't export `append`.*It exports `Conflict`/,
  },
  {
    what: 'misspelt export',
    answer: GOOD.replace('function append', 'function apend'),
    says: /does export `apend`\. Is the name misspelled/,
  },
  {
    what: 'export forgotten',
    answer: GOOD.replace('export async function', 'async function'),
    says: /has `append` but doesn't export it/,
  },
  {
    what: 'wrong kind of export',
    answer: 'export class Conflict extends Error {}\nexport const append = 42',
    says: /`append` as a value of type number.*asks for a function/,
  },
  {
    what: 'wrong arity',
    answer: GOOD.replace(
      '(redis: Redis, key: string, value: string, expected: number)',
      '(redis: Redis)',
    ).replace("key, 'log', value, expected", "(redis as never)['key'], 'log', 1"),
    says: /`append` threw|append should have/,
  },
  {
    what: 'throws at import',
    answer: top("throw new Error('no config')"),
    says: /couldn't be loaded.*no config/,
  },
  { what: 'throws a string', answer: first("throw 'nope'"), says: /threw "nope", which isn't an `Error`/ },
  { what: 'process.exit', answer: first('process.exit(0)'), says: /called `process\.exit\(0\)/ },
  { what: 'process.exit at import', answer: top('process.exit(0)'), says: /called `process\.exit\(0\)/ },
  { what: 'process.abort', answer: first('process.abort()'), says: /called `process\.abort/ },
  {
    what: 'kills itself',
    answer: first("process.kill(process.pid, 'SIGKILL')"),
    says: /called `process\.kill\(process\.pid\)/,
  },
  {
    what: 'kills itself behind our back',
    answer: first('(process as unknown as { _kill(p: number, s: number): void })._kill(process.pid, 9)'),
    says: /called `process\._kill\(process\.pid\)`/,
  },
  {
    what: 'unhandled rejection',
    answer: first("void Promise.reject(new Error('lost'))"),
    says: /rejected and no code handled it \(Error: lost\)/,
  },
  {
    what: 'error in a timer',
    answer: first("setTimeout(() => { throw new Error('late') }); await redis.ping(); await redis.ping()"),
    says: /thrown where no code could catch it.*late/,
  },
  {
    what: 'forgotten await',
    answer: GOOD.replace('await redis.eval', 'redis.eval'),
    says: /returned before Redis replied to EVAL/,
  },
  {
    what: 'blocking read given up by closing its connection',
    answer: closingAtTheEnd("own.xread('BLOCK', 0, 'STREAMS', 'nothing', '$').catch(() => {})"),
  },
  {
    what: 'write given up by closing its connection',
    answer: closingAtTheEnd("own.set('last', value).catch(() => {})"),
    says: /returned before Redis replied to SET/,
  },
  {
    what: 'unclosed connection',
    answer: first('const own = redis.duplicate(); await own.ping()'),
    tells: /opened \d+ connections?/,
  },
  { what: 'left-over timer', answer: first('setInterval(() => {}, 1000)') },
  {
    what: 'a Redis of its own',
    answer: GOOD.replace('import type { Redis }', 'import { Redis }').replace(
      '/* here */',
      'const own = new Redis(); await own.ping()',
    ),
    says: /connection of its own to localhost:6379/,
  },
  {
    what: 'another process',
    answer: first("process.getBuiltinModule('child_process').spawn('sleep', ['60'])"),
    says: /tried to start another process\. It has to stay inside its own process/,
  },
  {
    what: 'endless recursion',
    answer: top('function deep(n: number): number { return deep(n + 1) + 1 }').replace(
      '/* here */',
      'deep(0)',
    ),
    says: /calls itself forever/,
  },
  {
    what: 'megabytes of console.log',
    answer: first("for (let i = 0; i < 40; i += 1) console.log('x'.repeat(100_000))"),
    tells: /cut here/,
  },
  { what: 'FLUSHALL', answer: first('await redis.flushall()'), says: /sent `FLUSHALL`/ },
  {
    what: 'FLUSHALL whose refusal is swallowed',
    answer: first('await redis.flushall().catch(() => {})'),
    says: /sent `FLUSHALL`/,
  },
  {
    what: 'FLUSHALL in a script',
    answer: first(`await redis.eval("return redis.call('FLUSHALL')", 0)`),
    says: /sent `FLUSHALL`/,
  },
  { what: 'SHUTDOWN', answer: first("await redis.call('SHUTDOWN', 'NOSAVE')"), says: /sent `SHUTDOWN`/ },
  {
    what: 'CONFIG SET',
    answer: first("await redis.config('SET', 'maxmemory', '1')"),
    says: /sent `CONFIG SET`/,
  },
  {
    what: 'CLIENT KILL',
    answer: first("await redis.client('KILL', 'TYPE', 'normal')"),
    says: /sent `CLIENT KILL`/,
  },
  { what: 'another database', answer: first('await redis.select(3)'), says: /sent `SELECT`/ },
  {
    what: 'left in subscriber mode',
    answer: first("await redis.subscribe('x')"),
    says: /subscribed connection can't do anything else/,
  },
  {
    what: 'import of a missing package',
    answer: top("import _ from 'lodash'\nconsole.log(_)"),
    says: /package `lodash`, which isn't installed/,
  },
  {
    what: 'import of a missing file',
    answer: top("import { x } from './helpers'\nconsole.log(x)"),
    says: /imports `\.\/helpers`, but there's no such file/,
  },
  {
    what: 'import of a builtin that leaves the process',
    answer: top("import { execSync } from 'node:child_process'\nconsole.log(execSync)"),
    says: /imports `node:child_process`/,
  },
  {
    what: 'import of the test runner',
    answer: top("import { expect } from 'vitest'\nconsole.log(expect)"),
    says: /imports `vitest`, which is part of the check/,
  },
  {
    what: 'require of ioredis',
    answer: top('const Redis = require("ioredis"); void Redis'),
    says: /^Your file uses `require`, but it's an ES module\. Write `import \{ Redis \} from 'ioredis'`\.$/,
  },
  {
    what: 'require of names',
    answer: top("const { randomUUID: uuid, hash } = require('node:crypto')\nvoid [uuid, hash]"),
    says: /Write `import \{ randomUUID as uuid, hash \} from 'node:crypto'`\./,
  },
  {
    what: 'require of a computed path',
    answer: top("const name = ['io', 'redis'].join('')\nvoid require(name)"),
    says: /^Your file uses `require`, but it's an ES module\. Write an `import`/,
  },
  {
    what: 'require.resolve',
    answer: top("void require.resolve('ioredis')"),
    says: /^Your file uses `require`, but it's an ES module\. Write an `import`/,
  },
  {
    what: 'module.exports and nothing else',
    answer: `class Conflict extends Error {}\nconst append = async () => {}\nmodule.exports = { append, Conflict }`,
    says: /^Your file uses `module\.exports`, but it's an ES module\. Write `export` in front of/,
  },
  {
    what: 'exports.x and nothing else',
    answer: 'exports.Conflict = class Conflict extends Error {}\nexports.append = async () => {}',
    says: /^Your file uses `exports`, but it's an ES module\. Write `export` in front of/,
  },
  {
    what: 'module.exports beside export',
    answer: `${GOOD}\nmodule.exports = { append }`,
    says: /^Your file uses `module`, but it's an ES module\. Write `export` in front of/,
  },
  {
    what: '__dirname while it is loaded',
    answer: top('void __dirname'),
    says: /^Your file uses `__dirname`, but it's an ES module\. Use `import\.meta\.dirname`\./,
  },
  {
    what: '__filename in a function',
    answer: first('void __filename'),
    says: /`append` threw ReferenceError: __filename is not defined\. Your file uses `__filename`, .*import\.meta\.filename/,
  },
  {
    what: 'import.meta.dirname',
    answer: top(
      "import { existsSync } from 'node:fs'\nif (!existsSync(import.meta.filename)) throw new Error(import.meta.dirname)",
    ),
  },
  {
    what: 'import of a name that a Node module does not have',
    answer: top("import { nope } from 'node:crypto'\nvoid nope"),
    says: /^Your file imports `nope` from `node:crypto`, which doesn't export it\./,
  },
  {
    what: 'import of a name that ioredis does not have',
    answer: top("import { Rediss } from 'ioredis'\nvoid Rediss"),
    says: /^Your file imports `Rediss` from `ioredis`, which doesn't export it\./,
  },
  {
    what: 'import of a type without the word type',
    answer: top("import { RedisOptions } from 'ioredis'\nexport const options: RedisOptions = {}"),
  },
  {
    what: 'default export',
    answer: GOOD.replace('export async function', 'export default async function'),
    says: /exports `append` as its default, but the lesson imports it by name\. Leave out `default`/,
  },
  {
    what: 'default export of a name',
    answer: `${GOOD.replace('export async function', 'async function')}\nexport default append`,
    says: /exports `append` as its default.*Write `export \{ append \}` instead/,
  },
  {
    what: 'names exported in a list',
    answer: 'class Conflict extends Error {}\nconst add = () => {}\nexport { Conflict, add as push }',
    says: /doesn't export `append`.*It exports `Conflict`, `push`\./,
  },
  { what: 'byte order mark and CRLF', answer: `\ufeff${GOOD.replaceAll('\n', '\r\n')}` },
  {
    what: 'UTF-16',
    answer: Buffer.from(`\ufeff${GOOD}`, 'utf16le'),
    says: /is saved as UTF-16\. Save it as UTF-8/,
  },
  {
    what: 'edit of the globals of the tests',
    answer: top('Promise.prototype.then = Promise.prototype.then.bind(Promise.resolve())'),
    says: /replaced `Promise\.prototype\.then/,
  },
  {
    what: 'Array.prototype changed',
    answer: top('Array.prototype.includes = () => true'),
    says: /replaced `Array\.prototype\.includes/,
  },
  { what: 'Date.now replaced', answer: top('Date.now = () => 0'), says: /replaced `Date\.now/ },
  { what: 'Math.random replaced', answer: top('Math.random = () => 0.5'), says: /replaced `Math\.random/ },
  {
    what: 'ioredis patched',
    answer: top("import { Redis as R } from 'ioredis'\nR.prototype.xlen = (async () => 1) as never"),
    says: /replaced `Redis\.prototype\.xlen/,
  },
  { what: 'empty file', answer: '', says: /is empty/ },
  { what: 'only comments', answer: '// later\n', says: /doesn't export `append`/ },
  { what: 'binary file', answer: new Uint8Array([0, 1, 2, 255, 0]), says: /isn't a text file/ },
  {
    what: "text that isn't UTF-8",
    answer: new Uint8Array([0x2f, 0x2f, 0xe9, 0x0a]),
    says: /isn't valid UTF-8/,
  },
  { what: 'file of 5 MB', answer: `// ${'x'.repeat(5 * 1024 * 1024)}\n${GOOD}`, says: /is 5\.0 MB/ },
  {
    what: 'wrong number of arguments',
    answer: first("await redis.call('XADD', key, '*')"),
    says: /flat list of strings/,
  },
  {
    what: 'closes the connection it was given',
    answer: GOOD.replace('/* here */', 'redis.disconnect()'),
    says: /was already closed/,
  },
]
