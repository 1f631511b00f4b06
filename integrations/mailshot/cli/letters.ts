import { MailshotError } from '../error.ts'
import { type LetterRow, listLetters, retryLetters } from '../letter.ts'
import { defineCommand, exitCodes } from './command.ts'
import { count, formatTime, isoTime } from './format.ts'
import { withMailshot } from './project.ts'
import { printList, type View } from './table.ts'

export const letters = defineCommand({
  usage: ['letters [--all]', 'letters retry [<id>…]'],
  takes: ([action]) => (action === 'retry' ? Infinity : 1),
  about:
    'Single mails that somebody waits for: confirmations, welcomes, alarms. They are tried for 18 hours, then kept as\n' +
    'failed. Listed are those that failed or wait after a refusal; "retry" queues them again, those named or all.',
  options: { all: { type: 'boolean', about: 'The latest 1000, whatever became of them.' } },
  examples: [
    ['mailshot letters', 'which could not be mailed, and why'],
    ['mailshot letters retry', 'the mail server works again: try all of them'],
  ],
  run: ({ values, positionals, terminal }) => {
    const [action, ...names] = positionals
    if (action !== undefined && action !== 'retry') {
      throw new MailshotError(
        `letters: "${action}" is not known; say retry, or nothing to list them`,
      )
    }
    const ids = names.map(parseId)
    return withMailshot(values, async (mailshot) => {
      if (action === 'retry') {
        const queued = await retryLetters(mailshot, ids.length > 0 ? ids : undefined)
        if (terminal.json) terminal.printJson({ queued })
        else terminal.print(`${count(queued, 'letter')} queued again`)
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
    empty: 'No letter has failed, and none waits after a refusal.',
  }
}

function parseId(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new MailshotError(`letters retry: "${text}" is not the number of a letter`)
}
