import { createServer, Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePort, isFree, listenOnFreePort } from '../../../src/common/free-port.ts'

/** Sends connections for some ports elsewhere, as the leftovers of a container engine do. */
function redirect(isRedirected: (port: number) => boolean, to: number): void {
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket
  const spy = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (
    this: Socket,
    ...args: unknown[]
  ) {
    const [{ port }] = args[0] as [{ port: number }]
    return isRedirected(port) ? connect.call(this, to, '127.0.0.1') : connect.apply(this, args)
  } as never)
  onTestFinished(() => spy.mockRestore())
}

test('a port whose connections are refused is left alone, even if it is offered twice', async () => {
  const offered: number[] = []
  const nobody = await freePort()
  redirect((port) => offered.indexOf(port) < 2, nobody)
  const port = await freePort((free) => offered.push(free))
  expect(offered).toHaveLength(3)
  expect(new Set(offered).size).toBe(3)
  expect(port).toBe(offered[2])
  expect(await Promise.all(offered.map(isFree))).toEqual([true, true, true])
})

test('a port that leads to another server is left alone, too', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const address = other.address()
  const taken = typeof address === 'object' && address !== null ? address.port : 0
  const offered: number[] = []
  redirect((port) => port === offered[0], taken)
  const port = await freePort((free) => offered.push(free))
  expect(offered).toHaveLength(2)
  expect(port).toBe(offered[1])
  expect(await isFree(taken)).toBe(false)
})

test('if none can be reached, the caller gets one anyway, and its own error', async () => {
  const nobody = await freePort()
  redirect(() => true, nobody)
  expect(await freePort()).toBeGreaterThan(0)
})

test('a port that another program takes in between is left to it', async () => {
  const thief = createServer()
  onTestFinished(() => void thief.close())
  const offered: number[] = []
  const server = createServer()
  onTestFinished(() => void server.close())
  const listen = server.listen.bind(server)
  vi.spyOn(server, 'listen').mockImplementationOnce(((port: number, host: string) => {
    thief.listen(port, host, () => listen(port, host))
    return server
  }) as never)
  const port = await listenOnFreePort(server, (free) => offered.push(free))
  expect(offered).toHaveLength(2)
  expect(port).toBe(offered[1])
})
