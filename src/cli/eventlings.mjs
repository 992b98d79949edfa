#!/usr/bin/env node
// Plain JavaScript in words that an old Node knows, too: it must come as far as saying that it is too old.

const tell = (sentence) => process.stderr.write(`${sentence}\n`)

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major === 20) return minor >= 19
  if (major === 22) return minor >= 12
  return major > 22
}

/** Windows writes `/C:/course` where it means `C:/course`. */
function pathTo(relative) {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname).replace(/^\/(?=[A-Za-z]:)/, '')
}

/** Built where that can be kept, otherwise from the sources; EVENTLINGS_SOURCES=1 asks for these. */
async function load() {
  const { builtProgram } = await import('./built-program.mjs')
  const built = process.env.EVENTLINGS_SOURCES ? undefined : await builtProgram(pathTo('../..'))
  if (built !== undefined) {
    if (process.env.EVENTLINGS_DEBUG) process.setSourceMapsEnabled(true)
    return import(built)
  }
  const { register } = await import('tsx/esm/api')
  // The project's own settings, wherever the program was called from.
  register({ tsconfig: pathTo('../../tsconfig.json') })
  return import('./main.ts')
}

async function run() {
  const { main } = await load()
  await main()
}

function explain(error) {
  process.exitCode = 3
  const isMissing = error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('package')
  tell(
    isMissing
      ? `The packages of the course are not installed, or not all of them. Run "npm install" in ${pathTo('../..')}`
      : `eventlings could not start: ${error.message}`,
  )
  if (process.env.EVENTLINGS_DEBUG) tell(error.stack)
}

if (isNewEnough(process.versions.node)) {
  run().catch(explain)
} else {
  const wanted = 'Node 20.19 or later of version 20, or 22.12 or later'
  tell(`eventlings needs ${wanted}, and this is ${process.version}. Get a newer one from https://nodejs.org.`)
  process.exitCode = 3
}
