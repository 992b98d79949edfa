/** Commands that would reach beyond the sandbox or pull it away from under the check, and what to say about each. */
const REFUSED: Readonly<Record<string, string>> = {
  FLUSHALL: 'it wipes every database of the server, and in production that is everybody’s data',
  FLUSHDB: 'it wipes the whole database, and in production that is everybody’s data',
  SHUTDOWN: 'it stops the server for everybody who uses it',
  DEBUG: 'it is meant for the developers of Redis and can stop the server',
  MONITOR: 'it shows everybody’s commands and slows the whole server down',
  REPLICAOF: 'it replaces all data of the server by another server’s',
  SLAVEOF: 'it replaces all data of the server by another server’s',
  SWAPDB: 'it changes which data every other client sees',
  MIGRATE: 'it moves keys to another server',
  ACL: 'it changes who may use the server',
  MODULE: 'it loads code into the server',
  FAILOVER: 'it changes which server is the primary',
  SAVE: 'it stops the server for everybody while it writes',
  SELECT: 'it leaves the sandbox database that this check looks at',
  RESET: 'it leaves the sandbox database that this check looks at',
  'CONFIG SET': 'it changes the server for everybody who uses it',
  'CONFIG REWRITE': 'it changes the server’s configuration file',
  'CLIENT KILL': 'it cuts other clients’ connections, this check’s among them',
  'CLIENT PAUSE': 'it stops every client of the server',
  'SCRIPT FLUSH': 'it takes away the scripts of every other client',
  'SCRIPT KILL': 'it ends another client’s script',
  'FUNCTION FLUSH': 'it takes away the functions of every other client',
  'CLUSTER RESET': 'it takes the node out of its cluster',
}
/** `call` and not `pcall` alone: a script that tries has gone wrong either way. */
const IN_SCRIPT = /redis\.p?call\s*\(\s*['"](flushall|flushdb|swapdb|migrate|select)['"]/i

/** The sentence for a command that no answer may send; undefined when it may. `allowed` holds a lesson's exceptions. */
export function refusal(
  name: string,
  args: readonly string[],
  allowed: readonly string[],
): string | undefined {
  const upper = name.toUpperCase()
  const candidates = [upper, `${upper} ${(args[0] ?? '').toUpperCase()}`]
  if (upper === 'EVAL') {
    const inner = IN_SCRIPT.exec(args[0] ?? '')?.[1]
    if (inner !== undefined) candidates.push(inner.toUpperCase())
  }
  for (const candidate of candidates) {
    const why = REFUSED[candidate]
    if (why === undefined || allowed.includes(candidate)) continue
    return `Your code sent ${candidate}: ${why}. The check did not pass it on; leave it out, every test starts on a clean database anyway.`
  }
  return undefined
}
