import { useState } from 'preact/hooks'
import type { Problem } from '../../protocol.ts'
import type { BenchState, FailureView, TaskView, VerdictView } from '../../workbench/protocol.ts'
import { useFocusAfter } from '../focus-after.ts'
import { Html } from '../html.tsx'
import { Sentence } from '../sentence.tsx'
import { request } from './requests.ts'

interface VerdictProps {
  readonly state: BenchState | undefined
  readonly slug: string
  goTo(line: number): void
}

/** Which tasks passed, why the first one that didn't failed, or what a pass means. */
export function Verdict({ state, slug, goTo }: VerdictProps) {
  const verdict = state?.verdict
  return (
    <section class="verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title" tabIndex={-1}>
        Verdict
      </h2>
      <p role="status" class={verdict === undefined ? '' : verdict.passed ? 'is-good' : 'is-bad'}>
        {statusOf(state)}
        {/* In view, the task's heading is right below; a screen reader announces only this. */}
        {state?.checking !== true && state?.verdict?.failure !== undefined && (
          <span class="only-read">. {state.verdict.failure.title}</span>
        )}
      </p>
      {state?.notice !== undefined && (
        <p class="trouble">
          <Sentence text={state.notice} />
        </p>
      )}
      {verdict !== undefined && (
        <>
          <p class="quiet-text">{about(verdict, state)}</p>
          {verdict.failure !== undefined && <Failure failure={verdict.failure} goTo={goTo} />}
          <ol class="tasks">
            {verdict.tasks.map((task) => (
              <Task key={task.name} task={task} />
            ))}
          </ol>
          {!verdict.passed && <Hint key={stuckAt(verdict)} slug={slug} />}
          {verdict.meaning !== undefined && <Html of={verdict.meaning} />}
          {verdict.next !== undefined && (
            <p>
              <a class="next-lesson" href={verdict.next.address}>
                Next: {verdict.next.title}
              </a>
            </p>
          )}
          {state?.types !== undefined && <p class="quiet-text">{state.types}</p>}
          {verdict.notes.map((note) => (
            <p key={note} class="quiet-text">
              Note: <Sentence text={note} />
            </p>
          ))}
          {verdict.output !== '' && (
            <details>
              <summary>Your code printed</summary>
              <pre class="output">
                <code>{verdict.output}</code>
              </pre>
            </details>
          )}
        </>
      )}
    </section>
  )
}

function toVerdict(): void {
  document.getElementById('verdict-title')?.focus()
}

/** The task that hints are about: those already shown stay for as long as that's the same one. */
function stuckAt({ tasks }: VerdictView): string | undefined {
  return tasks.find(({ state }) => state === 'failed' || state === 'not reached')?.name
}

function statusOf(state: BenchState | undefined): string {
  if (state?.checking === true) return 'Checking …'
  if (state?.verdict === undefined)
    return state?.hadPassed === true
      ? "You've passed this lesson. You can change your code above and check it again."
      : 'Write your code above, and check it.'
  const { passed, summary } = state.verdict
  return `${passed ? '✓' : '✗'} ${summary}`
}

function about({ at, ms, redis, hash, counts }: VerdictView, state: BenchState | undefined): string {
  const file = state?.file
  const isOld = file !== undefined && 'hash' in file && file.hash !== hash
  const time = new Date(at).toLocaleTimeString()
  const when = `At ${time}, in ${ms} ms, on ${redis}.`
  if (isOld) return `${when} You've changed your code since.`
  return counts ? when : `${when} An automatic check doesn't count as an attempt.`
}

const SIGNS: Readonly<Record<TaskView['state'], string>> = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
  'not reached': '·',
}

function Task({ task: { name, state, reason } }: { readonly task: TaskView }) {
  return (
    <li class={`task-${state.replace(' ', '-')}`}>
      <span aria-hidden="true">{SIGNS[state]} </span>
      <span class="task-state">{state}</span> {name}
      {reason !== undefined && <span class="quiet-text">: {reason}</span>}
    </li>
  )
}

function Failure({ failure, goTo }: { readonly failure: FailureView; goTo(line: number): void }) {
  const { title, diagnosis, expected, received, place, line } = failure
  const part = useFocusAfter<HTMLDivElement>(toVerdict)
  return (
    <div class="failure" ref={part}>
      <h3>{title}</h3>
      <p class="diagnosis">
        <Sentence text={diagnosis} />
      </p>
      <dl>
        {expected !== undefined && <Fact name="expected" value={expected} />}
        {received !== undefined && <Fact name="received" value={received} />}
      </dl>
      {line !== undefined && (
        <button type="button" onClick={() => goTo(line)}>
          Go to line {line}
        </button>
      )}
      {line === undefined && place !== undefined && <p class="quiet-text">at {place}</p>}
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <pre>
          <code>{value}</code>
        </pre>
      </dd>
    </div>
  )
}

type HintReply = { readonly kind: 'hint'; readonly title: string; readonly html: string } | Problem

/** One more hint for what failed, with each press. */
function Hint({ slug }: { readonly slug: string }) {
  const [hints, setHints] = useState<readonly Extract<HintReply, { kind: 'hint' }>[]>([])
  const [problem, setProblem] = useState('')
  const ask = async () => {
    const reply = await request<HintReply>(`/workbench/${slug}/hint`, { method: 'POST' })
    if (reply.kind === 'hint') setHints([...hints, reply])
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
  }
  const part = useFocusAfter<HTMLDivElement>(toVerdict)
  return (
    <div class="hint" ref={part}>
      <div aria-live="polite">
        {hints.map(({ title, html }) => (
          <div key={title}>
            <h3>{title}</h3>
            <Html of={html} />
          </div>
        ))}
        {problem !== '' && <p class="quiet-text">{problem}</p>}
      </div>
      <button type="button" onClick={() => void ask()}>
        {hints.length === 0 ? 'Give me a hint' : 'Another hint'}
      </button>
    </div>
  )
}
