import { useState } from 'preact/hooks'
import { type Done, type LeadCommand, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'

/** Sends what the instructor wants to the hub. `problem` is why the last one was refused; empty if it wasn't. */
export function useLead() {
  const [problem, setProblem] = useState('')
  const lead = async (command: LeadCommand): Promise<boolean> => {
    const reply = await post<Done>(paths.lead, command)
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
    return reply.kind === 'done'
  }
  return { lead, problem }
}
