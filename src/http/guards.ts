import type { Context, MiddlewareHandler } from 'hono'

/** Answers requests that aren't allowed in; may throw instead. */
type Refuse = (context: Context) => Response

/** The sender of a request, as far as the browser says. A page can't forge these headers; a program may send anything. */
export interface Asked {
  readonly host: string | undefined
  /** The page's origin; programs send none. */
  readonly origin: string | undefined
  /** `sec-fetch-site`: how the page's site is related to ours. Old browsers and programs don't send it. */
  readonly site: string | undefined
}

/**
 * Answers only requests that use one of these host names. A page from elsewhere can point its own name to 127.0.0.1
 * (DNS rebinding); its requests arrive here, but with that name.
 */
export function onlyByName(names: readonly string[], refuse: Refuse): MiddlewareHandler {
  return async (context, next) =>
    names.includes(hostnameOf(context.req.header('host'))) ? next() : refuse(context)
}

/** Anything that changes state (all but GET and HEAD) must come from a sender that `isWelcome` accepts. */
export function onlyChangesFrom(isWelcome: (asked: Asked) => boolean, refuse: Refuse): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req
    if (method === 'GET' || method === 'HEAD' || isWelcome(askedBy(context))) return next()
    return refuse(context)
  }
}

function askedBy({ req }: Context): Asked {
  return { host: req.header('host'), origin: req.header('origin'), site: req.header('sec-fetch-site') }
}

function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}
