#!/usr/bin/env node
// Plain JavaScript in words that an old Node understands, too: it has to get as far as saying that Node is too old.

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

const root = pathTo('../..').replace(/\/$/, '')

/**
 * The npm package has a build and no sources. In a clone: built if the build can be kept, otherwise from the sources;
 * EVENTLINGS_SOURCES=1 asks for these. A newer Node can also read them without esbuild: then everything that needs no
 * check works even with the packages of another platform.
 */
async function load() {
  const { existsSync } = await import('node:fs')
  if (!existsSync(pathTo('main.ts'))) return import('../../dist/program/main.mjs')
  const { builtProgram } = await import('./built-program.mjs')
  const built = process.env.EVENTLINGS_SOURCES ? undefined : await builtProgram(root)
  if (built !== undefined) {
    if (process.env.EVENTLINGS_DEBUG) process.setSourceMapsEnabled(true)
    return import(built)
  }
  const { packagesProblem } = await import('./first-aid.mjs')
  const problem = packagesProblem(root)
  if (problem !== undefined) {
    if (process.features.typescript && !root.includes('*')) return import('./main.ts')
    throw new Error(problem.finding)
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

/**
 * `doctor` exists for exactly this, so it reports what can be seen from here; all other commands get one sentence.
 */
async function explain(error) {
  process.exitCode = 3
  const { firstAid } = await import('./first-aid.mjs')
  const findings = firstAid(root)
  const words = process.argv.slice(2)
  if (words.includes('doctor')) {
    if (words.includes('--json'))
      process.stdout.write(`${JSON.stringify({ ok: false, findings }, null, 2)}\n`)
    else process.stdout.write(`${findings.map(asLines).join('\n')}\n`)
  }
  const failed = findings.find(({ state }) => state === 'fail')
  if (!words.includes('doctor') || failed === undefined) {
    tell(failed ? `${failed.finding} ${failed.remedy}` : `eventlings couldn't start: ${firstLine(error)}`)
  }
  if (process.env.EVENTLINGS_DEBUG) tell(error.stack)
}

function asLines({ name, state, finding, remedy }) {
  const word = state === 'ok' ? '+ ok  ' : 'x FAIL'
  return `${word}  ${name.padEnd(17)}${finding}${remedy === undefined ? '' : `\n        ${remedy}`}`
}

function firstLine(error) {
  return String(error.message).trim().split('\n')[0]
}

if (isNewEnough(process.versions.node)) {
  run().catch(explain)
} else {
  const wanted = 'Node 20.19 or later (within version 20), or 22.12 or later'
  tell(
    `eventlings needs ${wanted}, but this is ${process.version}. Get a newer version from https://nodejs.org.`,
  )
  process.exitCode = 3
}
