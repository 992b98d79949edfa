export { type Asked, onlyByName, onlyChangesFrom } from './guards.ts'
export { type Listening, type ListenOptions, listen } from './listen.ts'
export { PortError } from './port-error.ts'
export { untilWoken } from './until-woken.ts'
