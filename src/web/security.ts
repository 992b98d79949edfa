import type { MiddlewareHandler } from 'hono'
import { type ContentSecurityPolicyOptionHandler, secureHeaders } from 'hono/secure-headers'
import { onlyByName, onlyChangesFrom } from '../http/index.ts'

/** The reader listens on loopback, and answers only at loopback names. */
export const onlyThisMachine = onlyByName(['127.0.0.1', 'localhost'], (context) =>
  context.text('This server answers only at 127.0.0.1 and localhost.', 421),
)

/** Any request that changes something comes from our own pages; browsers send the page's origin with it. */
export const onlyOwnPages = onlyChangesFrom(
  ({ host, origin, site = 'same-origin' }) => site === 'same-origin' && origin === `http://${host}`,
  (context) => context.text("Only this server's own pages can do that.", 403),
)

/** Pages load only our own files and run no inline scripts; `styles` are allowed as well. */
export function strictPages(...styles: readonly ContentSecurityPolicyOptionHandler[]): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", ...styles],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    referrerPolicy: 'no-referrer',
    // Plain HTTP on loopback, so strict transport security has no use.
    strictTransportSecurity: false,
  })
}
