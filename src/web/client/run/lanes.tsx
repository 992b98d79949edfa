import { memo } from 'preact/compat'
import { useEffect, useRef } from 'preact/hooks'
import type { LaneView, Row } from '../../../recording/index.ts'

interface LanesProps {
  readonly view: LaneView
  /** The number of the step that was done last. */
  readonly current: number | undefined
  /** Whether the page scrolls to that step, too: a wall is led by a clicker, which can't scroll. */
  readonly isFollowed: boolean
  choose(n: number): void
}

/** More lanes than this are one column. */
const MOST_LANES = 3

/**
 * The steps of a run as an ordered list, side by side for each caller where there's room. Only the mark of the current
 * step moves: a run may have thousands of them.
 */
export function Lanes({ view, current, isFollowed, choose }: LanesProps) {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const row = list.current?.querySelector(`[data-n="${current}"]`)
    row?.setAttribute('aria-current', 'step')
    scrollTo(list.current, row)
    if (isFollowed) row?.scrollIntoView({ block: 'nearest' })
    return () => row?.removeAttribute('aria-current')
  }, [current, view, isFollowed])
  useEffect(() => {
    // For a mouse; the slider is the way for keys.
    const click = ({ target }: Event) => {
      const { n } = (target as Element).closest<HTMLElement>('[data-n]')?.dataset ?? {}
      if (n !== undefined) choose(Number(n))
    }
    const element = list.current
    element?.addEventListener('click', click)
    return () => element?.removeEventListener('click', click)
  })
  const { lanes } = view
  const isBeside = lanes.length > 1 && lanes.length <= MOST_LANES
  return (
    <div class={isBeside ? `lanes beside of-${lanes.length}` : 'lanes'}>
      {view.key !== undefined && (
        <p class="quiet-text">
          key <code>{view.key}</code>
        </p>
      )}
      {isBeside && (
        <div class="lane-names" aria-hidden="true">
          {lanes.map(({ id, role }) => (
            <strong key={id}>{role}</strong>
          ))}
        </div>
      )}
      <ol ref={list} tabindex={0} aria-label="Steps, in the order in which Redis executed them">
        <Rows view={view} />
      </ol>
    </div>
  )
}

const Rows = memo(({ view: { rows, lanes } }: { readonly view: LaneView }) => (
  <>
    {rows.map((row, index) => {
      const lane = 'lane' in row ? lanes.findIndex(({ id }) => id === row.lane) : -1
      const role = lanes.length > 1 ? lanes[lane]?.role : undefined
      return (
        <li
          key={index}
          data-n={'n' in row ? row.n : undefined}
          class={`row-${row.kind} ${lane === -1 ? 'across' : `lane-${lane + 1}`}`}
        >
          <span class="step-number">{'n' in row ? row.n : ''}</span>
          <span class="cell">
            {role !== undefined && <span class="role">{role}: </span>}
            <Cell row={row} />
          </span>
        </li>
      )
    })}
  </>
))

function Cell({ row }: { readonly row: Row }) {
  switch (row.kind) {
    case 'command': {
      const { command, reply, fate, about, mark } = row
      const isBad = (fate !== 'answered' && fate !== 'parked') || reply.startsWith('error ')
      return (
        <>
          <code>{command}</code>
          {reply !== '' && (
            <span class={isBad ? 'reply is-bad' : 'reply'}>
              {' → '}
              {reply}
            </span>
          )}
          {about && <span class="quiet-text"> (order uncertain)</span>}
          {mark !== undefined && <strong class={`mark mark-${mark}`}> {mark}</strong>}
        </>
      )
    }
    case 'end':
      return <span class={row.threw ? 'is-bad' : 'quiet-text'}>{row.text}</span>
    case 'held':
      return <span class="quiet-text">{row.command}, held by the check …</span>
    case 'released':
      return <span class="quiet-text">… released</span>
    case 'event':
      return <span class="quiet-text">{row.text}</span>
    case 'gap':
      return (
        <span class="quiet-text">
          … {row.steps} more step{row.steps === 1 ? '' : 's'}
        </span>
      )
  }
}

/** Within the list only. */
function scrollTo(list: HTMLElement | null, row: Element | null | undefined): void {
  if (list === null || !(row instanceof HTMLElement)) return
  const top = row.getBoundingClientRect().top - list.getBoundingClientRect().top + list.scrollTop
  const bottom = top + row.offsetHeight
  if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) {
    list.scrollTop = top - list.clientHeight / 2
  }
}
