import { Fragment } from 'preact'
import { type KeyLine, type Keys, type KeyView, keyViews, type Sign } from '../../../recording/index.ts'

interface KeysProps {
  readonly before: Keys
  readonly after: Keys
  readonly moment: string
  /** Which run it is, in the names of its parts: two of them may be on the page. */
  readonly ofRun: string
  /** The state of the entity whose events a key holds. */
  stateOf(key: string): KeyView | undefined
}

interface ViewProps {
  readonly view: KeyView
  /** For screen readers. */
  readonly label: string
}

/** Unchanged parts of a key that are shown; streams and lists grow at their end. */
const FEW = 30

/** All keys as they were after a step, with what it changed. */
export function KeysAt({ before, after, moment, ofRun, stateOf }: KeysProps) {
  const views = keyViews(before, after)
  return (
    <div class="keys-at">
      <h3>
        Keys <span class="quiet-text">{moment}</span>
      </h3>
      {views.length === 0 && <p class="quiet-text">There are no keys.</p>}
      {views.map((view) => {
        const state = stateOf(view.key)
        return (
          <Fragment key={view.key}>
            <View view={view} label={`Key ${view.key}${ofRun}`} />
            {state !== undefined && <View view={state} label={`State of ${state.key}${ofRun}`} />}
          </Fragment>
        )
      })}
    </div>
  )
}

/** A key, or the state of an entity, with its parts. */
function View({ view: { key, sign, type, summary, lines }, label }: ViewProps) {
  return (
    <section aria-label={label} class={signClass(sign)}>
      <h4>
        <Mark sign={sign} /> <code>{key}</code>{' '}
        <span class="quiet-text">{[type, summary].filter((part) => part !== '').join(', ')}</span>
      </h4>
      <ul>
        {shown(lines).length < lines.length && (
          <li class="quiet-text">… {lines.length - shown(lines).length} more, unchanged</li>
        )}
        {shown(lines).map((line, index) => (
          <Part key={index} line={line} />
        ))}
      </ul>
    </section>
  )
}

/** The parts that changed, and the last of the rest. */
function shown(lines: readonly KeyLine[]): readonly KeyLine[] {
  return lines.filter(({ sign }, index) => sign !== ' ' || index >= lines.length - FEW)
}

function Part({ line: { sign, depth, name, text } }: { readonly line: KeyLine }) {
  return (
    <li class={`${signClass(sign)} depth-${depth}`}>
      <Mark sign={sign} /> {name !== '' && <span class="part-name">{name} </span>}
      <code>{text}</code>
    </li>
  )
}

const WORDS: Readonly<Record<Sign, string>> = { '+': 'added', '-': 'removed', '~': 'changed', ' ': '' }

function Mark({ sign }: { readonly sign: Sign }) {
  return (
    <span class="sign">
      <span aria-hidden="true">{sign === ' ' ? '\u00a0' : sign}</span>
      {sign !== ' ' && <span class="only-read">{WORDS[sign]}</span>}
    </span>
  )
}

function signClass(sign: Sign): string {
  return sign === ' ' ? '' : `is-${WORDS[sign]}`
}
