import { call } from './call.ts'
import { callInCode } from './show.ts'
import { verify } from './verify.ts'

/**
 * Calls a function that isn't async. If it returns a promise, that's reported with the reason in `why`, and the
 * promise isn't awaited.
 */
export async function callAtOnce<T>(name: string, run: () => T, why: string): Promise<T> {
  const { value } = await call(name, () => ({ value: run() }))
  if (value instanceof Promise) value.catch(() => {}) // reported here, however it settles
  verify(!(value instanceof Promise), `${callInCode(name)} returned a promise. It shouldn't be async: ${why}`)
  return value
}
