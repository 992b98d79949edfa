import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { onlyByName, onlyChangesFrom } from '../http/index.ts'

/** The reader listens on loopback, and answers to its names alone. */
export const onlyThisMachine = onlyByName(['127.0.0.1', 'localhost'], (context) =>
  context.text('This server answers to 127.0.0.1 and localhost only.', 421),
)

/** Whatever changes something comes from our own pages; browsers name the page's origin with every such request. */
export const onlyOwnPages = onlyChangesFrom(
  ({ host, origin, site = 'same-origin' }) => site === 'same-origin' && origin === `http://${host}`,
  (context) => context.text('Only the pages of this server may ask for that.', 403),
)

/** Pages load nothing but our own files and run no script that stands in them. */
export const strictPages: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'none'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
  // Plain HTTP on loopback: there is nothing to be strict about.
  strictTransportSecurity: false,
})
