/**
 * What the hub, learners and pages send each other over HTTP. Only types and addresses: nothing here runs, so that
 * pages may import it. Times are ISO 8601 in UTC by the hub's clock; slugs are those of lessons; IDs are UUIDs.
 * Names, messages, diagnoses and code come from learners: they're text, never markup.
 */

export type * from './api-commands.ts'
export type * from './api-instructor.ts'
export type * from './api-learner.ts'
export type * from './api-rows.ts'

/** Every answer other than 2xx has this form. */
export interface Problem {
  readonly kind: 'problem'
  /** For people. */
  readonly sentence: string
}

/** Where everything is. `participant` ends with an ID. */
export const paths = {
  hello: '/api/hello',
  join: '/api/join',
  events: '/api/events',
  code: '/api/code',
  run: '/api/run',
  share: '/api/share',
  leave: '/api/leave',
  view: '/api/class',
  login: '/api/instructor/login',
  logout: '/api/instructor/logout',
  overview: '/api/instructor/overview',
  stream: '/api/instructor/stream',
  participant: '/api/instructor/participants/',
  command: '/api/instructor/command',
  export: '/api/instructor/export',
  /** The same as a file to save, as CSV. */
  exportCsv: '/api/instructor/export.csv',
} as const

/** It was done as asked. */
export interface Done {
  readonly kind: 'done'
}
