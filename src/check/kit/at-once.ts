import { call } from './call.ts'
import { verify } from './verify.ts'

/** Calls a function that is not async. A promise is told, with `why` it must not be one, and not waited for. */
export async function callAtOnce<T>(name: string, run: () => T, why: string): Promise<T> {
  const { value } = await call(name, () => ({ value: run() }))
  if (value instanceof Promise) value.catch(() => {}) // told here, whatever becomes of it
  verify(!(value instanceof Promise), `${name} returned a promise. It is not async: ${why}`)
  return value
}
