import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { findEngine } from './container-engine.ts'
import { hasImage, imageName } from './container-image.ts'
import type { EngineAddress } from './guardian.ts'

/**
 * Writes the Redis image to a file that `docker load` and `podman load` can read. Returns its name; undefined where
 * no engine answers, or none has the image: nothing is downloaded.
 */
export async function saveImage(env: NodeJS.ProcessEnv, file: string): Promise<string | undefined> {
  const engine = await findEngine(env)
  const image = imageName(env)
  if (engine === undefined || !(await hasImage(engine, image))) return undefined
  await mkdir(dirname(file), { recursive: true })
  await download(engine.address, `/images/${encodeURI(image)}/get`, file)
  return image
}

function download({ secure, ...address }: EngineAddress, path: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = secure ? secureRequest : request
    const sent = send({ ...address, method: 'GET', path }, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        reject(new Error(`The engine refused to export the image (status ${response.statusCode}).`))
        return
      }
      pipeline(response, createWriteStream(file)).then(resolve, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
