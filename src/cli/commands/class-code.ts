import { setTimeout as sleep } from 'node:timers/promises'
import { withClass } from '../class-here.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

/** Interval between checks for the new code (ms). */
const LOOK = 50

export const run: Run = async (context, _args, flags) =>
  withClass(context, flags, async ({ overview, lead }) => {
    const before = (await overview()).joinCode
    if (flags.new === true) await lead({ do: 'new code' })
    let now = await overview()
    for (let looks = 0; flags.new === true && now.joinCode === before && looks < 100; looks += 1) {
      await sleep(LOOK)
      now = await overview()
    }
    const [address = 'ADDRESS'] = now.addresses
    context.print(`Join code: ${now.joinCode}

  ${self} class join ${address} --code ${now.joinCode} --as NAME`)
    if (flags.new === true)
      context.print('\nThe old code no longer works. Everyone who has joined stays in the class.')
    return Exit.passed
  })
