import type { CheckDot } from '../../../classroom/api.ts'
import { timeOfDay } from './clock.tsx'

const WIDTH = 5
const GAP = 1
const HEIGHT = 16

/**
 * The last checks, newest on the right: green ones go up, red ones hang down, so that it can be read without color.
 */
export function Timeline({ checks }: { readonly checks: readonly CheckDot[] }) {
  if (checks.length === 0) return <span class="quiet-text">no checks yet</span>
  const passed = checks.filter((check) => check.passed).length
  return (
    <svg
      class="timeline"
      role="img"
      aria-label={`${passed} of the last ${checks.length} checks passed`}
      width={checks.length * (WIDTH + GAP)}
      height={HEIGHT}
    >
      {checks.map((check, index) => (
        <rect
          key={`${check.at}${index}`}
          class={check.passed ? 'good' : 'bad'}
          x={index * (WIDTH + GAP)}
          y={check.passed ? 0 : HEIGHT / 2}
          width={WIDTH}
          height={check.passed ? HEIGHT : HEIGHT / 2}
          rx={1}
        >
          <title>{`${timeOfDay(check.at)} ${check.slug}: ${check.passed ? 'passed' : 'failed'}`}</title>
        </rect>
      ))}
    </svg>
  )
}
