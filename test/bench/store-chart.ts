export interface Ratio {
  readonly name: string
  /**
   * How fast the store is, as a share of the handwritten commands: the median of the rounds; 1 is as fast, 2 twice as
   * fast.
   */
  readonly ratio: number
  readonly lowest: number
  readonly highest: number
  readonly goal?: number
}

/** As Markdown. */
export function table(ratios: readonly Ratio[]): string {
  const rows = ratios.map(
    ({ name, ratio, lowest, highest, goal }) =>
      `| ${name} | ${ratio.toFixed(2)} | ${lowest.toFixed(2)}–${highest.toFixed(2)} | ${goal === undefined ? '' : goal.toFixed(2)} |`,
  )
  return ['| What | Ratio | Rounds | Goal |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

const [WIDTH, ROW, LEFT, TOP, RIGHT] = [720, 34, 250, 44, 70]

/** Bars as SVG, with a line where the store is as fast as handwritten commands. */
export function chart(ratios: readonly Ratio[]): string {
  const most = Math.max(1.5, ...ratios.map(({ highest }) => highest))
  const x = (value: number) => LEFT + (value / most) * (WIDTH - LEFT - RIGHT)
  const height = TOP + ratios.length * ROW + 16
  const bars = ratios.map(({ name, ratio, lowest, highest, goal }, index) => {
    const y = TOP + index * ROW
    const middle = y + ROW / 2
    return [
      `<text x="${LEFT - 12}" y="${middle + 5}" text-anchor="end">${name}</text>`,
      `<rect x="${LEFT}" y="${y + 8}" width="${fixed(x(ratio) - LEFT)}" height="${ROW - 16}" rx="3" fill="#2f6f8f"/>`,
      `<path d="M${fixed(x(lowest))} ${middle}H${fixed(x(highest))}" stroke="#8b949e" stroke-width="2"/>`,
      goal === undefined
        ? ''
        : `<path d="M${fixed(x(goal))} ${y + 4}v${ROW - 8}" stroke="#a3361f" stroke-width="2" stroke-dasharray="3 3"/>`,
      `<text x="${WIDTH - 16}" y="${middle + 5}" text-anchor="end">${ratio.toFixed(2)}</text>`,
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>Speed of the event store of lesson 28, compared with minimal handwritten commands</title>
<rect width="100%" height="100%" rx="8" fill="#ffffff"/>
<g font-family="ui-sans-serif, system-ui, sans-serif" font-size="14" fill="#1f2328">
<text x="16" y="24" font-weight="bold">Speed compared with minimal handwritten commands (1 = as fast; dashed: the goal)</text>
<path d="M${fixed(x(1))} ${TOP - 8}V${height - 12}" stroke="#1f2328" stroke-width="1"/>
${bars.join('\n')}
</g>
</svg>
`
}

function fixed(value: number): string {
  return value.toFixed(1)
}
