import { useEffect, useState } from 'preact/hooks'
import { paths } from '../../../classroom/api.ts'
import type { Recording } from '../../../recording/index.ts'
import { askUntil, isProblem } from './ask-until.ts'

/** The recording of an attempt; a sentence if the hub doesn't have it or can't answer, and undefined until it does. */
export function useRun(participant: string, eventId: string): Recording | string | undefined {
  const [run, setRun] = useState<Recording | string | undefined>(undefined)
  useEffect(() => {
    setRun(undefined)
    const address = `${paths.participant}${encodeURIComponent(participant)}/runs/${encodeURIComponent(eventId)}`
    return askUntil<Recording>(address, (reply) => setRun(isProblem(reply) ? reply.sentence : reply))
  }, [participant, eventId])
  return run
}
