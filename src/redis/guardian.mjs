// The child process of `guardian.ts`, run with plain Node in its own session: it waits until its standard input
// closes, which happens when the parent ends in any way, including SIGKILL, and then ends what the parent left
// behind.
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** What to end, by the number that the parent gave it; see `Guarded` in guardian.ts. */
const guarded = new Map()

for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => {})

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const { id, what } = JSON.parse(line)
  if (what === null) guarded.delete(id)
  else guarded.set(id, what)
})
process.stdin.on('error', () => {})
lines.on('close', async () => {
  const all = [...guarded.values()]
  for (const { kind, pid } of all) if (kind === 'process') kill(pid)
  await Promise.all(
    all.map(async (what) => {
      if (what.kind === 'folder') await rm(what.path, { recursive: true, force: true, maxRetries: 10 })
      if (what.kind === 'containers') await removeContainers(what)
    }),
  ).catch(() => {})
  process.exit(0)
})

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has already ended
  }
}

/** More than once: a container that was being created when the parent died appears a little later. */
async function removeContainers({ engine, label }) {
  for (const pause of [0, 500, 2_000, 5_000]) {
    await sleep(pause)
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
    const found = await call(engine, 'GET', `/containers/json?all=true&filters=${filters}`).catch(() => '[]')
    for (const { Id } of JSON.parse(found)) {
      await call(engine, 'DELETE', `/containers/${Id}?force=true&v=true`).catch(() => {})
    }
  }
}

async function call({ secure, ...address }, method, path) {
  // Only here: loading them takes a tenth of the guardian's start, and hardly any guardian needs them.
  const { request } = await import(secure ? 'node:https' : 'node:http')
  return await new Promise((resolve, reject) => {
    const sent = request({ ...address, method, path, timeout: 20_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(body))
      response.on('error', reject)
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', reject)
    sent.end()
  })
}
