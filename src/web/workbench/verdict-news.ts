import { z } from 'zod'
import type { CheckResult } from '../../check/index.ts'
import { resultAsJson } from '../../check/index.ts'
import { resultSchema } from '../../check/result-schema.ts'
import type { BesideNews } from '../../learner/beside.ts'
import { recordingSchema } from '../../recording/schema.ts'

const schema = z.object({
  checking: z.boolean(),
  notice: z.string().optional(),
  isRecording: z.boolean(),
  verdict: z
    .object({ hash: z.string(), result: z.custom<CheckResult>(isResult) })
    .nullable()
    .optional(),
})

/** News from a workbench; undefined if it isn't any, because another version of the program serves it, say. */
export function newsOf(text: string): BesideNews | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function isResult(value: unknown): boolean {
  try {
    const result = value as CheckResult
    const { recording, redis } = result
    return (
      resultSchema.safeParse(resultAsJson(result)).success &&
      typeof redis.name === 'string' &&
      (recording === undefined || recordingSchema.safeParse(recording).success)
    )
  } catch {
    return false
  }
}
