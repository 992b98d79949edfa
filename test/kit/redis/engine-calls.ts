import { once } from 'node:events'
import { request } from 'node:http'
import { type ContainerEngine, callEngine, findEngine } from '../../../src/redis/container-engine.ts'

export interface Container {
  readonly Id: string
  readonly Ports?: readonly { readonly IP?: string; readonly PublicPort?: number }[]
}

/** The engine that `need('container')` found. */
export async function requiredEngine(): Promise<ContainerEngine> {
  const found = await findEngine(process.env)
  if (found === undefined) throw new Error('The container engine has gone.')
  return found
}

/** The running ones, or the ones that match the query. */
export async function containers(
  { address }: ContainerEngine,
  query: Record<string, string> = {},
): Promise<readonly Container[]> {
  const path = `/containers/json?${new URLSearchParams(query)}`
  return JSON.parse((await callEngine(address, 'GET', path, { timeout: 10_000 })).body)
}

/** A call with a body, which only tests need; returns the status. */
export async function post({ address }: ContainerEngine, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const sent = request({ ...address, method: 'POST', path, headers }).end(JSON.stringify(body))
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}
