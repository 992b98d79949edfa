import path from 'node:path'
import { projectRoot } from '../common/own-folder.ts'
import { buildPackage } from './build.ts'

/** What `npm pack` and `npm publish` run first. */
await buildPackage(projectRoot(), path.join(projectRoot(), 'dist'))
