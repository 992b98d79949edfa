import { timingSafeEqual } from 'node:crypto'
import { signature } from '../worker/report.ts'

/** Whether only the holder of the secret can have made it. */
export function isSignature(given: string, secret: string, body: string): boolean {
  const [one, right] = [Buffer.from(given), Buffer.from(signature(secret, body))]
  return one.length === right.length && timingSafeEqual(one, right)
}
