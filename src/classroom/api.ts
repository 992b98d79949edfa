/**
 * What hub, learners and pages say to each other over HTTP. Only types and addresses: nothing here runs, so that pages may
 * import it. Times are ISO 8601 in UTC by the hub's clock; slugs are those of lessons; ids are UUIDs. Names, texts,
 * diagnoses and code come from learners: they are text, never markup.
 */

export type * from './api-instructor.ts'
export type * from './api-learner.ts'

/** Every answer other than 2xx is this one. */
export interface Problem {
  readonly kind: 'problem'
  /** For people. */
  readonly sentence: string
}

/** Where everything is. `participant` ends with an id. */
export const paths = {
  hello: '/api/hello',
  join: '/api/join',
  events: '/api/events',
  code: '/api/code',
  share: '/api/share',
  leave: '/api/leave',
  view: '/api/class',
  login: '/api/instructor/login',
  logout: '/api/instructor/logout',
  overview: '/api/instructor/overview',
  stream: '/api/instructor/stream',
  participant: '/api/instructor/participants/',
  lead: '/api/instructor/lead',
  close: '/api/instructor/close',
  reopen: '/api/instructor/reopen',
  export: '/api/instructor/export',
} as const

/** It was done as asked. */
export interface Done {
  readonly kind: 'done'
}
