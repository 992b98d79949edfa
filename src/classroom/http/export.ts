import type { Context } from 'hono'
import { stream } from 'hono/streaming'
import { csvHead, csvRows } from '../export.ts'
import type { Hub } from '../hub/hub.ts'

/** The whole class as lines of JSON, one participant at a time, so that no text ever holds all of it. */
export function linesOf(context: Context, hub: Hub): Response {
  context.header('content-type', 'application/x-ndjson; charset=utf-8')
  return stream(context, async (out) => {
    for await (const part of hub.export()) {
      if (out.aborted) return
      await out.write(`${JSON.stringify(part)}\n`)
    }
  })
}

/** The same as CSV, for a link on a page. */
export function csvOf(context: Context, hub: Hub): Response {
  context.header('content-type', 'text/csv; charset=utf-8')
  context.header('content-disposition', 'attachment; filename="class.csv"')
  return stream(context, async (out) => {
    await out.write(csvHead)
    for await (const part of hub.export()) {
      if (out.aborted) return
      if (part.kind === 'participant') await out.write(csvRows(part))
    }
  })
}
