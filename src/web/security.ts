import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

const ownNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost'])

/**
 * Answers only who asks for this machine by its own name. A page from elsewhere can let its own name point to
 * 127.0.0.1 (DNS rebinding); its requests arrive here, but with that name.
 */
export const onlyThisMachine: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? ''
  if (!ownNames.has(hostnameOf(host))) {
    return context.text('This server answers to 127.0.0.1 and localhost only.', 421)
  }
  return next()
}

/** Whatever changes something comes from our own pages; browsers name the page's origin with every such request. */
export const onlyOwnPages: MiddlewareHandler = async (context, next) => {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return next()
  const site = context.req.header('sec-fetch-site') ?? 'same-origin'
  const origin = context.req.header('origin')
  if (site !== 'same-origin' || origin !== `http://${context.req.header('host')}`) {
    return context.text('Only the pages of this server may ask for that.', 403)
  }
  return next()
}

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

function hostnameOf(host: string): string {
  try {
    return new URL(`http://${host}`).hostname
  } catch {
    return ''
  }
}
