import path from 'node:path'
import { bundleCourse, IMAGE_FILE } from '../../../authoring/offline-bundle/bundle-course.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { ownFolder, projectRoot } from '../../../common/own-folder.ts'
import { shownPath } from '../../../common/shown-path.ts'
import { defineCommand, self } from '../../command.ts'

export const command = defineCommand({
  flags: {},
  examples: [['class bundle course.tar.gz', 'the course, its packages, and the image, for a USB stick']],
  run: async (context, [named]) => {
    if (named === undefined)
      throw new UsageError(`Which file? For example: ${self} class bundle course.tar.gz`)
    const file = path.resolve(named)
    const { env, note } = context
    const { root } = (await context.learner()).course
    if (root !== projectRoot()) {
      note(`${shownPath(root)} isn't packed. Copy that folder, too, and set EVENTLINGS_COURSE there.`)
    }
    const bundle = await bundleCourse({ root: ownFolder(projectRoot()), file, env, onNotice: note })
    const shown = shownPath(bundle.file)
    const name = path.basename(bundle.file)
    context.print(
      [
        `${shown}, ${Math.round(bundle.bytes / 1_000_000)} MB, for ${process.platform} on ${process.arch}.`,
        '',
        'On a machine that has only Node, without a network:',
        '',
        `  tar xzf ${name}`,
        '  cd eventlings',
        ...(bundle.image === undefined ? [] : [`  docker load -i ${IMAGE_FILE}    (or podman load -i …)`]),
        '  npm start',
        ...(env.EVENTLINGS_IMAGE
          ? ['', `To find the image there, set EVENTLINGS_IMAGE=${bundle.image}`]
          : []),
        '',
        `Other platforms need to run "npm install" once, with a network.`,
      ].join('\n'),
    )
    return Exit.passed
  },
})
