import { useState } from 'preact/hooks'
import { type Done, type InstructorCommand, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'

/** Sends what the instructor wants to the hub. `problem` is why the last one was refused; empty if it wasn't. */
export function useCommand() {
  const [problem, setProblem] = useState('')
  const send = async (command: InstructorCommand): Promise<boolean> => {
    const reply = await post<Done>(paths.command, command)
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
    return reply.kind === 'done'
  }
  return { send, problem }
}
