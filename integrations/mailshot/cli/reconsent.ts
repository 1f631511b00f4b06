import { didYouMean } from '../closest.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  askAgainAfterMonths,
  listReconsents,
  planReconsent,
  type Reconsent,
  startReconsent,
  stopReconsent,
} from '../reconsent.ts'
import { allLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatTime, isoTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { whom as whomOf } from './send/describe.ts'
import { printList } from './table.ts'

const options = {
  days: {
    type: 'string',
    value: 'N',
    about: 'How many days each reader has for an answer: 7 to 90.',
  },
  stop: { type: 'boolean', about: 'End the asking: nobody leaves by it any more.' },
  'dry-run': { type: 'boolean', about: 'Only say how many would be asked.' },
  yes: { type: 'boolean', short: 'y', about: 'Start without a question.' },
} as const

export const reconsent = defineCommand({
  usage: [
    'reconsent <list> --days N [--dry-run] [--yes]',
    'reconsent <list> --stop',
    'reconsent [<list>]',
  ],
  takes: 1,
  about:
    'Asks the readers of a list by a mail whether they want to stay. It is a send like any other (mailshot status, pause). A button keeps\n' +
    'them; who has not pressed it so many days after their own mail leaves the list. Not asked are those who signed up, confirmed or\n' +
    `stayed within ${askAgainAfterMonths} months. The words are ours, or those of campaigns/letters/re-consent.md. Without --days it tells what came of it.`,
  options,
  examples: [
    ['mailshot reconsent weekly --days 30 --dry-run', 'how many would be asked'],
    ['mailshot reconsent weekly --days 30', 'asks, and starts it'],
    ['mailshot reconsent', 'who stayed, who left, who was taken off'],
  ],
  run: (call) => withMailshot(call.values, (mailshot) => run(call, mailshot)),
})

type ReconsentCall = Call<typeof options>

async function run(call: ReconsentCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, positionals, terminal } = call
  const [list] = positionals
  if (values.stop) {
    const stopped = await stopReconsent(mailshot, requireList(list), actor())
    if (terminal.json) terminal.printJson(jsonOf(stopped))
    else terminal.print(`${stopped.list}: nobody is asked any more, and nobody leaves by it`)
    return exitCodes.done
  }
  if (values.days !== undefined) return start(call, mailshot)
  // Also one that the settings have no more.
  const known = await allLists(mailshot)
  if (list !== undefined && !known.includes(list)) {
    throw new MailshotError(`there is no list "${list}"; ${didYouMean(list, known)}`)
  }
  show(call, mailshot, await listReconsents(mailshot, list))
  return exitCodes.done
}

async function start(call: ReconsentCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, positionals, terminal } = call
  const request = { list: requireList(positionals[0]), days: parseDays(values.days) }
  const people = await planReconsent(mailshot, request)
  const whom = `${whomOf(people)} on ${request.list}`
  if (values['dry-run']) {
    if (terminal.json) terminal.printJson({ dryRun: true, ...request, ...people })
    else terminal.print(`${whom} would be asked`)
    return exitCodes.done
  }
  if (!values.yes && !terminal.interactive) {
    throw new MailshotError(
      `reconsent: it would ask ${whom}; add --yes to start it without a question`,
    )
  }
  const question = `Ask ${whom}? Who has not answered after ${request.days} days leaves the list.`
  if (!values.yes && !(await terminal.confirm(question))) return exitCodes.wrongRequest
  const started = await startReconsent(mailshot, { ...request, actor: actor() })
  if (terminal.json) terminal.printJson(jsonOf(started))
  else terminal.print(`${whom} are asked: send ${started.sendId}`)
  return exitCodes.done
}

function show({ terminal }: ReconsentCall, { config }: Mailshot, all: Reconsent[]): void {
  printList(terminal, all, {
    heading: ['list', 'since', 'status', 'days', 'asked', 'stayed', 'left', 'taken off', 'send'],
    cells: (one) => [
      one.list,
      formatTime(one.at, config.timeZone),
      one.status,
      one.days,
      one.asked,
      one.stayed,
      one.left,
      one.silent,
      one.sendId,
    ],
    json: jsonOf,
    empty: 'No list was asked again.',
  })
}

function jsonOf({ at, endedAt, ...one }: Reconsent) {
  return { ...one, at: isoTime(at), endedAt: isoTime(endedAt) }
}

function requireList(list: string | undefined): string {
  if (list) return list
  throw new MailshotError('reconsent: which list? mailshot lists shows them')
}

function parseDays(text: string | undefined): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 7 && days <= 90) return days
  throw new MailshotError(`--days ${text}: say a number of days, from 7 to 90`)
}
