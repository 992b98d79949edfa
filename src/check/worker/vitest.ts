/**
 * Replaces `vitest` in a suite that runs in a worker: it only takes down what the suite declares. `runner.ts` runs it.
 * A suite stays an ordinary Vitest file, and may use `describe`, `test`, `skipIf`, `beforeEach`, and `afterEach`.
 */
type Body = () => unknown
type Declare = (name: string, ...rest: readonly unknown[]) => void

export interface SuiteTest {
  readonly name: string
  readonly body: Body
  readonly skipped: boolean
}

/** A `describe`, which is a task of the lesson, or a test outside any. */
export interface SuiteTask {
  readonly name: string
  readonly skipped: boolean
  readonly tests: readonly SuiteTest[]
  readonly beforeEach: readonly Body[]
  readonly afterEach: readonly Body[]
}

interface Draft extends SuiteTask {
  readonly tests: SuiteTest[]
  readonly beforeEach: Body[]
  readonly afterEach: Body[]
}

/** The suite needs a part of Vitest that a worker doesn't have: an author's mistake, never the learner's. */
export class UnsupportedInSuiteError extends Error {
  override readonly name = 'UnsupportedInSuiteError'

  constructor(what: string) {
    super(
      `The suite uses ${what}. In a lesson, use describe, test, skipIf, beforeEach, and afterEach of Vitest, and the functions of #kit.`,
    )
  }
}

let tasks: Draft[] = []
let file = draft('', false)
/** The `describe` that is being declared. */
let open: Draft | undefined

/** What the suite declares while `load` imports it. Hooks outside any `describe` apply to all tests. */
export async function declaredBy(load: () => Promise<unknown>): Promise<readonly SuiteTask[]> {
  tasks = []
  file = draft('', false)
  open = undefined
  await load()
  return tasks.map((task) => ({
    ...task,
    beforeEach: [...file.beforeEach, ...task.beforeEach],
    afterEach: [...task.afterEach.toReversed(), ...file.afterEach.toReversed()],
  }))
}

function draft(name: string, skipped: boolean): Draft {
  return { name, skipped, tests: [], beforeEach: [], afterEach: [] }
}

/** The body comes before a timeout, or after options. */
function bodyIn(rest: readonly unknown[]): Body {
  const body = rest.find((one) => typeof one === 'function')
  return (body ?? (() => {})) as Body
}

function describeAs(skipped: boolean): Declare {
  return (name, ...rest) => {
    const around = open
    open = draft(name, skipped || around?.skipped === true)
    tasks.push(open)
    bodyIn(rest)()
    open = around
  }
}

function testAs(skipped: boolean): Declare {
  return (name, ...rest) => {
    const one = { name, body: bodyIn(rest), skipped }
    if (open === undefined) tasks.push({ ...draft(name, false), tests: [one] })
    else open.tests.push(one)
  }
}

function withConditions(name: string, declareAs: (skipped: boolean) => Declare) {
  const more: Record<string, unknown> = {
    skip: declareAs(true),
    skipIf: (condition: unknown) => declareAs(Boolean(condition)),
    runIf: (condition: unknown) => declareAs(!condition),
  }
  return new Proxy(declareAs(false), {
    get(_, key) {
      const found = more[String(key)]
      if (found === undefined) throw new UnsupportedInSuiteError(`${name}.${String(key)}`)
      return found
    },
  })
}

export const describe = withConditions('describe', describeAs)
export const test = withConditions('test', testAs)
export const it = test
export const beforeEach = (body: Body) => void (open ?? file).beforeEach.push(body)
export const afterEach = (body: Body) => void (open ?? file).afterEach.push(body)

const unsupported = (name: string) => () => {
  throw new UnsupportedInSuiteError(name)
}
export const beforeAll = unsupported('beforeAll')
export const afterAll = unsupported('afterAll')
export const expect = unsupported('expect')
