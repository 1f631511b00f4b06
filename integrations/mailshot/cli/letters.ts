import { dropHeld, releaseHeld } from '../abuse/burst.ts'
import { MailshotError } from '../error.ts'
import { type LetterRow, listLetters, retryLetters } from '../letter.ts'
import { defineCommand, exitCodes } from './command.ts'
import { count, formatTime, isoTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { printList, type View } from './table.ts'

export const letters = defineCommand({
  usage: ['letters [--all]', 'letters retry [<id>…]', 'letters release|drop'],
  takes: ([action]) => (action === 'retry' ? Infinity : 1),
  about:
    'Single mails that somebody waits for: confirmations, welcomes, alarms. They are tried for 18 hours, then kept as\n' +
    'failed. Listed are those that failed, wait after a refusal, or are held; "retry" queues the failed again, those named\n' +
    'or all. When far more people sign up than usual, confirmations are held (docs/abuse.md): "release" mails them, and for a\n' +
    'day those that follow, "drop" deletes them, so that nobody is mailed whose address a robot has entered.',
  options: { all: { type: 'boolean', about: 'The latest 1000, whatever became of them.' } },
  examples: [
    ['mailshot letters', 'which could not be mailed, and why'],
    ['mailshot letters retry', 'the mail server works again: try all of them'],
    ['mailshot letters drop', 'that burst of sign-ups was robots'],
  ],
  run: ({ values, positionals, terminal }) => {
    const [action, ...names] = positionals
    if (action !== undefined && !isAction(action)) {
      throw new MailshotError(
        `letters: "${action}" is not known; say retry, release or drop, or nothing to list them`,
      )
    }
    const ids = names.map(parseId)
    return withMailshot(values, async (mailshot) => {
      if (action === 'retry') {
        const queued = await retryLetters(mailshot, ids.length > 0 ? ids : undefined, actor())
        if (terminal.json) terminal.printJson({ queued })
        else terminal.print(`${count(queued, 'letter')} queued again`)
      } else if (action !== undefined) {
        const settled = await settlements[action](mailshot, actor())
        if (terminal.json) terminal.printJson({ [settledAs[action]]: settled })
        else terminal.print(`${count(settled, 'held letter')} ${settledAs[action]}`)
      } else {
        const rows = await listLetters(mailshot, values.all ? 'all' : 'in-trouble')
        const view = letterView(mailshot.config.timeZone)
        const empty = values.all ? 'There is no letter yet.' : view.empty
        printList(terminal, rows, { ...view, empty })
      }
      return exitCodes.done
    })
  },
})

function letterView(timeZone: string): View<LetterRow> {
  return {
    heading: ['id', 'kind', 'address', 'status', 'tries', 'created', 'next try', 'reason'],
    cells: (letter) => [
      letter.id,
      letter.kind,
      letter.email,
      letter.status,
      letter.tries,
      formatTime(letter.createdAt, timeZone),
      letter.status === 'pending' ? formatTime(letter.dueAt, timeZone) : '',
      letter.reason ?? '',
    ],
    json: ({ createdAt, dueAt, ...letter }) => ({
      ...letter,
      createdAt: isoTime(createdAt),
      dueAt: isoTime(dueAt),
    }),
    empty: 'No letter has failed, none waits after a refusal, and none is held.',
  }
}

const settlements = { release: releaseHeld, drop: dropHeld }
const settledAs = { release: 'released', drop: 'dropped' } as const

function isAction(text: string): text is 'retry' | 'release' | 'drop' {
  return text === 'retry' || Object.hasOwn(settlements, text)
}

function parseId(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new MailshotError(`letters retry: "${text}" is not the number of a letter`)
}
