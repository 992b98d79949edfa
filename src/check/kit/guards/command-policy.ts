/** Commands that would reach beyond the sandbox or pull it out from under the check, and what to say about each. */
const REFUSED: Readonly<Record<string, string>> = {
  FLUSHALL: "it wipes every database on the server, which in production is everyone's data",
  FLUSHDB: "it wipes the whole database, which in production is everyone's data",
  SHUTDOWN: 'it stops the server for everyone who uses it',
  DEBUG: "it's meant for Redis developers and can stop the server",
  MONITOR: "it shows everyone's commands and slows the whole server down",
  REPLICAOF: "it replaces all data on the server with another server's",
  SLAVEOF: "it replaces all data on the server with another server's",
  SWAPDB: 'it changes which data every other client sees',
  MIGRATE: 'it moves keys to another server',
  ACL: 'it changes who may use the server',
  MODULE: 'it loads code into the server',
  FAILOVER: 'it changes which server is the primary',
  SAVE: 'it blocks the server for everyone while it writes',
  SELECT: 'it leaves the sandbox database that this check looks at',
  RESET: 'it leaves the sandbox database that this check looks at',
  'CONFIG SET': 'it changes the server for everyone who uses it',
  'CONFIG REWRITE': "it changes the server's configuration file",
  'CLIENT KILL': "it closes other clients' connections, including this check's",
  'CLIENT PAUSE': 'it pauses every client of the server',
  'SCRIPT FLUSH': "it deletes every other client's scripts",
  'SCRIPT KILL': "it ends another client's script",
  'FUNCTION FLUSH': "it deletes every other client's functions",
  'CLUSTER RESET': 'it takes the node out of its cluster',
}
/** Both `call` and `pcall`: a script that even tries is wrong. */
const IN_SCRIPT = /redis\.p?call\s*\(\s*['"](flushall|flushdb|swapdb|migrate|select)['"]/i

/** A command that would reach beyond the sandbox, and what is wrong with that. */
export interface RefusedCommand {
  readonly command: string
  readonly why: string
}

/** Undefined for a command that may be sent. `allowed` has the lesson's exceptions. */
export function refusedCommand(
  name: string,
  args: readonly string[],
  allowed: readonly string[],
): RefusedCommand | undefined {
  const upper = name.toUpperCase()
  const candidates = [upper, `${upper} ${(args[0] ?? '').toUpperCase()}`]
  if (upper === 'EVAL') {
    const inner = IN_SCRIPT.exec(args[0] ?? '')?.[1]
    if (inner !== undefined) candidates.push(inner.toUpperCase())
  }
  for (const command of candidates) {
    const why = REFUSED[command]
    if (why !== undefined && !allowed.includes(command)) return { command, why }
  }
  return undefined
}

/** The sentence for a command that no answer may send; undefined if it may. */
export function refusal(
  name: string,
  args: readonly string[],
  allowed: readonly string[],
): string | undefined {
  const refused = refusedCommand(name, args, allowed)
  if (refused === undefined) return undefined
  return `Your code sent \`${refused.command}\`, which the check blocked: ${refused.why}. Leave it out; every test starts with a clean database anyway.`
}
