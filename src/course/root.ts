export { projectRoot } from '../common/own-folder.ts'
