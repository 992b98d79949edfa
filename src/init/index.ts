/** A folder of the learner's own, for the course as an npm package. */
export { type CourseSource, courseSource } from './course-source.ts'
export { createFolder, FolderError } from './create-folder.ts'
export { COMPANIONS, type Companion, learnersFiles } from './files.ts'
export { type InstallCommand, installCommand, managerOf, runHere } from './install.ts'
