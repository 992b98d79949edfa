import { useEffect, useState } from 'preact/hooks'
import { paths } from '../../../classroom/api.ts'
import type { Recording } from '../../../recording/index.ts'
import { ask } from '../ask.ts'

/** The recording of an attempt; a sentence if it isn't there anymore, and undefined until it has come. */
export function useRun(participant: string, eventId: string): Recording | string | undefined {
  const [run, setRun] = useState<Recording | string | undefined>(undefined)
  useEffect(() => {
    let wanted = true
    setRun(undefined)
    const address = `${paths.participant}${encodeURIComponent(participant)}/runs/${encodeURIComponent(eventId)}`
    void ask<Recording>(address).then((reply) => {
      if (wanted) setRun('kind' in reply ? reply.sentence : reply)
    })
    return () => {
      wanted = false
    }
  }, [participant, eventId])
  return run
}
