import { Component } from 'preact'
import { useState } from 'preact/hooks'
import type { LessonHead, Overview, ParticipantRow } from '../../../classroom/api.ts'
import { Since } from './clock.tsx'
import { counted } from './counted.ts'
import { filters, type Order, orders, rowsToShow, type Shown } from './overview.ts'
import { Scroller } from './scroller.tsx'
import { Legend, StatusCell } from './status.tsx'
import { Timeline } from './timeline.tsx'

/** Everyone, one row each: who needs help, what they're on, and a light for every lesson. */
export function Roster({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const [order, setOrder] = useState<Order>('hands first')
  const [shown, setShown] = useState<Shown>('everyone')
  const [text, setText] = useState('')
  const rows = rowsToShow(overview, order, shown, text)
  const { lessons } = overview.class
  return (
    <section class="roster" aria-labelledby="roster">
      <div class="roster-head">
        <h2 id="roster">Learners</h2>
        <label>
          Find <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <Choose label="Show" value={shown} among={filters} onChange={setShown} />
        <Choose label="Order" value={order} among={orders} onChange={setOrder} />
        <p class="quiet-text" role="status">
          {rows.length === overview.participants.length
            ? `${rows.length}`
            : `${rows.length} of ${overview.participants.length}`}{' '}
          shown
        </p>
      </div>
      <Scroller label="Table of learners">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">At</th>
              <th scope="col">For</th>
              {lessons.map(({ slug, number, title }) => (
                <th
                  key={slug}
                  scope="col"
                  class={slug === overview.announcements.position ? 'lesson here' : 'lesson'}
                >
                  <abbr title={title}>{number}</abbr>
                </th>
              ))}
              <th scope="col">Last checks</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} lessons={lessons} ahead={ahead} />
            ))}
          </tbody>
        </table>
      </Scroller>
      {overview.participants.length === 0 && overview.class.closedAt === undefined && (
        <p>No one is here yet. Learners join with the code above.</p>
      )}
      <Legend />
    </section>
  )
}

interface ChooseProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly among: readonly Value[]
  readonly onChange: (value: Value) => void
}

function Choose<Value extends string>({ label, value, among, onChange }: ChooseProps<Value>) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {among.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  )
}

interface RowProps {
  readonly row: ParticipantRow
  readonly lessons: readonly LessonHead[]
  readonly ahead: number
}

/** Drawn again only when the hub sent something new about this participant: of 300 that's a few per second. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.row !== this.props.row || next.lessons.length !== this.props.lessons.length
  }

  override render({ row, lessons, ahead }: RowProps) {
    const { id, label, current, checks, hand } = row
    return (
      <tr class={hand === undefined ? '' : 'hand'}>
        <th scope="row">
          <a href={`/instructor/participants/${id}`}>{label}</a>
          {hand !== undefined && (
            <span class="raised">
              <span aria-hidden="true">✋</span>
              <span class="only-read">hand raised:</span> {hand.text}
            </span>
          )}
        </th>
        <td class="at">
          {current === undefined ? '' : `${current.slug.slice(0, 2)} ${current.task ?? ''}`}
          {current !== undefined && current.attempts > 0 && (
            <span class="quiet-text"> {counted(current.attempts, 'check')}</span>
          )}
        </td>
        <td class="for">{current === undefined ? '' : <Since at={current.since} ahead={ahead} />}</td>
        {lessons.map((lesson) => (
          <StatusCell key={lesson.slug} lesson={lesson} state={row.lessons[lesson.slug]} />
        ))}
        <td>
          <Timeline checks={checks} />
        </td>
      </tr>
    )
  }
}
