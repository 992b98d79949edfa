import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addressesOf, isLoopback } from '../../../src/classroom/host/addresses.ts'
import { type ClassFile, findClass, readClasses, writeClass } from '../../../src/classroom/host/class-file.ts'
import { isOpen, openClass, USUAL_PORT } from '../../../src/classroom/host/open-class.ts'
import { readClassAddress } from '../../../src/classroom/member/address.ts'
import { newHome, runProgram } from '../cli/program.ts'
import { embedded, newClassInfo } from './class.ts'

const ipv4 = (address: string, internal = false) => ({
  address,
  internal,
  family: 'IPv4' as const,
  netmask: '',
  mac: '',
  cidr: null,
})

describe('addresses', () => {
  test('addresses that learners can reach come first, and loopback is not a network', () => {
    const interfaces = {
      lo: [ipv4('127.0.0.1', true)],
      docker0: [ipv4('172.17.0.1')],
      wlan0: [ipv4('192.168.1.5')],
    }
    expect(addressesOf('0.0.0.0', 4280, interfaces)).toEqual([
      'http://192.168.1.5:4280',
      'http://172.17.0.1:4280',
    ])
    expect(addressesOf('127.0.0.1', 4280, interfaces)).toEqual(['http://127.0.0.1:4280'])
    expect(['127.0.0.1', 'localhost', '::1', '127.1.2.3'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '192.168.1.5', '::'].some(isLoopback)).toBe(false)
  })

  test.each([
    ['192.168.1.5:4280', { address: 'http://192.168.1.5:4280', code: undefined }],
    ['http://192.168.1.5:4280/#K7QX2M', { address: 'http://192.168.1.5:4280', code: 'K7QX2M' }],
    [' https://class.example/ ', { address: 'https://class.example', code: undefined }],
  ])('%s', (typed, read) => {
    expect(readClassAddress(typed)).toEqual(read)
  })

  test.each(['', 'file:///etc/passwd', 'http://me:secret@example.com', 'a b'])('"%s" is not one', (typed) => {
    expect(() => readClassAddress(typed)).toThrow("isn't the address of a class")
  })
})

describe('the classes of a machine', () => {
  const file = (name: string, openedAt: string): ClassFile => {
    const classInfo = { ...newClassInfo(), name, openedAt }
    return { classInfo, secret: 's', redis: 'own', host: '127.0.0.1', port: 4280 }
  }

  test('finds the latest, or the named one, and skips invalid files', async () => {
    const folder = path.join(await newHome(), '.eventlings')
    expect(() => findClass(folder)).toThrow('No class has been opened here yet.')
    const [monday, tuesday] = [
      file('Monday', '2026-05-04T09:00:00.000Z'),
      file('Tuesday', '2026-05-05T09:00:00.000Z'),
    ]
    for (const one of [tuesday, monday]) writeClass(folder, one)
    writeFileSync(path.join(folder, 'classes', 'notes.txt'), 'x')
    expect(readClasses(folder)).toEqual([tuesday, monday])
    expect(findClass(folder).classInfo.name).toBe('Tuesday')
    expect(findClass(folder, 'mon').classInfo.name).toBe('Monday')
    expect(() => findClass(folder, 'Friday')).toThrow(
      `There's no class "Friday" here. The classes are: "Tuesday", "Monday".`,
    )
    if (process.platform !== 'win32') {
      const written = path.join(folder, 'classes', monday.classInfo.id, 'class.json')
      expect(statSync(written).mode & 0o077).toBe(0)
    }
  })
})

describe('the port of a class', () => {
  /** Another program. */
  async function occupy(port: number): Promise<number> {
    const other = createServer()
    await new Promise<void>((resolve) =>
      other.once('error', () => resolve()).listen(port, '127.0.0.1', resolve),
    )
    onTestFinished(() => void other.close())
    const address = other.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  async function open(port: number, host = '127.0.0.1') {
    const folder = path.join(await newHome(), '.eventlings')
    const file: ClassFile = { classInfo: newClassInfo(), secret: 's', redis: await embedded(), host, port }
    const opened = await openClass({ folder, file, columns: { lessons: [] }, env: {} })
    onTestFinished(opened.close)
    return opened
  }

  test('differs from the usual one if that is in use and none was requested', async () => {
    await occupy(USUAL_PORT)
    const { file, own } = await open(0)
    expect([0, USUAL_PORT]).not.toContain(file.port)
    expect((await fetch(`${own}/api/hello`)).status).toBe(200)
  })

  test('that was requested is never silently replaced', async () => {
    const port = await occupy(0)
    await expect(open(port)).rejects.toMatchObject({
      name: 'ClassError',
      message: `Port ${port} is already in use. Choose another one with --port.`,
    })
  })

  // Elsewhere only 127.0.0.1 exists by default.
  test.runIf(process.platform === 'linux')(
    'on any loopback address answers there, and to no foreign name',
    async () => {
      const { own, file } = await open(0, '127.0.0.2')
      expect(own).toBe(`http://127.0.0.2:${file.port}`)
      expect((await fetch(`${own}/api/hello`)).status).toBe(200)
      const status = await new Promise((resolve) => {
        const headers = { host: 'rebound.example' }
        get(`${own}/api/hello`, { headers }, ({ statusCode }) => resolve(statusCode))
      })
      expect(status).toBe(421)
    },
  )

  test('of an address that this machine does not have', async () => {
    // From a range that is reserved for documentation.
    await expect(open(0, '192.0.2.1')).rejects.toMatchObject({
      name: 'ClassError',
      message: "192.0.2.1 isn't an address of this machine. Use --host 0.0.0.0 for all of its addresses.",
    })
  })
})

test('a hub that is too busy to answer is open, and one that does not listen is not', async () => {
  const busy = createServer((socket) => void socket.resume())
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void busy.close())
  const address = busy.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const file = { classInfo: newClassInfo(), secret: 's', redis: 'own', host: '127.0.0.1', port }
  expect(await isOpen({ ...file, pid: process.pid })).toBe(true)
  expect(await isOpen(file)).toBe(false)
  await new Promise((resolve) => busy.close(resolve))
  expect(await isOpen({ ...file, pid: process.pid })).toBe(false)
})

describe('the doctors', () => {
  test('of a class only looks', async () => {
    const home = await newHome()
    const { stdout, stderr } = await runProgram(['class', 'doctor', '--json'], {
      env: { EVENTLINGS_HOME: home },
    })
    expect(stderr).toBe('')
    const { findings } = JSON.parse(stdout) as {
      findings: { name: string; state: string; remedy?: string }[]
    }
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Address', 'Firewall', 'Port', 'Data']),
    )
    for (const { state, remedy } of findings) if (state !== 'ok') expect(remedy).toBeDefined()
    expect(readdirSync(home)).toEqual([])
  })

  test('of a learner runs a whole check', async () => {
    const home = await newHome()
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    const { stdout } = await runProgram(['doctor', '--class', '--json'], { env })
    const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string }[] }
    expect(findings.filter(({ name }) => name === 'A check' || name === 'Class')).toMatchObject([
      { state: 'ok' },
      { state: 'ok' },
    ])
  })
})
