import { Exit } from '../../common/exit.ts'
import type { Lesson, QuizQuestion } from '../../course/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { wholeQuestion } from '../../snippets/predict.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { flag, json } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'

export const command = defineCommand({
  flags: {
    answers: flag('print the questions with their answers and reasons'),
    json,
  },
  examples: [
    ['quiz 01', 'one question after the other'],
    ['quiz 01 --answers', 'to read them instead of answering'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const lesson = await learner.course.lesson(resolveLesson(learner, named, 'quiz').slug)
    const withAnswers = flags.answers
    if (flags.json) context.printJson(asJson(learner, lesson, withAnswers))
    else if (lesson.quiz.length === 0) context.print(`Lesson ${lesson.number} has no questions.`)
    else if (withAnswers || !context.canAsk) await print(context, lesson, withAnswers)
    else await ask(context, learner, lesson)
    return Exit.passed
  },
})

async function ask({ input, output, palette }: Context, learner: Learner, lesson: Lesson): Promise<void> {
  const [{ askQuiz }, { terminalUi }] = await Promise.all([
    import('../../walkthrough/quiz.ts'),
    import('../../walkthrough/terminal-ui.ts'),
  ])
  await askQuiz({ learner, ui: await terminalUi({ input, output: output.stream, palette }), palette }, lesson)
}

async function print(context: Context, lesson: Lesson, withAnswers: boolean): Promise<void> {
  const { renderMarkdown } = await import('../../terminal/index.ts')
  const { width, palette } = context
  const text = lesson.quiz.map((question, index) =>
    asMarkdown(wholeQuestion(question, lesson), question.answers, { number: index + 1, withAnswers }),
  )
  context.print(await renderMarkdown([`# Quiz · ${lesson.title}`, ...text].join('\n\n'), { width, palette }))
  if (withAnswers) return
  context.print(`\nTo answer them one by one, in a terminal: ${self} quiz ${lesson.number}`)
  context.print('To print the answers with their reasons, add --answers.')
}

function asMarkdown(
  question: string,
  answers: QuizQuestion['answers'],
  { number, withAnswers }: { readonly number: number; readonly withAnswers: boolean },
): string {
  const [title = '', ...more] = question.split('\n\n')
  const list = answers.map(({ text, right, explanation }) => {
    // An answer such as `1000.` would begin a list of its own.
    if (!withAnswers) return `- ${text.replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')}`
    const reason = explanation.split('\n').map((line) => (line === '' ? '' : `  ${line}`))
    return `- ${right ? '**Right:**' : '**Wrong:**'} ${text}${explanation === '' ? '' : `\n\n${reason.join('\n')}`}`
  })
  return [`## ${number}. ${title}`, ...more, list.join('\n')].join('\n\n')
}

/** Only a reader who asks is told which answers are right. */
function asJson({ progress }: Learner, { slug, quiz }: Lesson, withAnswers: boolean) {
  const given = progress.overview().lesson(slug).quiz
  return {
    lesson: slug,
    questions: quiz.map(({ question, answers, before }, index) => {
      const last = given.find((one) => one.question === question)
      return {
        number: index + 1,
        question,
        ...(before !== undefined && { snippet: before }),
        several: answers.filter(({ right }) => right).length > 1,
        answers: withAnswers ? answers : answers.map(({ text }) => ({ text })),
        ...(last !== undefined && { answeredRight: last.right }),
      }
    }),
  }
}
