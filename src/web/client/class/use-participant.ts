import { useEffect, useState } from 'preact/hooks'
import { type Overview, type ParticipantPage, paths } from '../../../classroom/api.ts'
import { askUntil } from './ask-until.ts'

export type ParticipantNow =
  | { readonly kind: 'loading' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'problem'; readonly sentence: string }
  | ParticipantPage

/** Everything about one participant, fetched again whenever they have news. */
export function useParticipant(id: string, overview: Overview | undefined): ParticipantNow {
  const row = overview?.participants.find((one) => one.id === id)
  const [page, setPage] = useState<ParticipantNow>({ kind: 'loading' })
  useEffect(() => {
    // The row comes with the first message; before that, everything would be fetched twice. Without one, they've left.
    if (row === undefined) return
    return askUntil<ParticipantPage>(`${paths.participant}${encodeURIComponent(id)}`, (reply) => {
      // If the hub can't answer for a moment, what's shown stays.
      setPage((before) =>
        reply.kind === 'problem' && before.kind === 'participant' && before.row.id === id ? before : reply,
      )
    })
  }, [id, row]) // a row is a new object whenever a participant has news
  return overview !== undefined && row === undefined ? { kind: 'gone' } : page
}
