import { MailshotError } from '../error.ts'
import type { PurgeCounts } from '../purge/count.ts'
import { defineCommand, exitCodes } from './command.ts'
import { count, formatTime } from './format.ts'
import { serverOption, withDesk } from './send-desk.ts'
import { stopSignal } from './signals.ts'
import { printList } from './table.ts'
import type { Terminal } from './terminal.ts'

export const purgeCommand = defineCommand({
  usage: ['purge [--months N] [--dry-run] [--server URL]'],
  takes: 0,
  about:
    'Deletes who got old sends, and what was reported of each of them, and keeps what was counted (mailshot stats). By default\n' +
    'of sends that ended before the months of keepDetails in mailshot.config.ts, and what has lain in the trash for 30 days;\n' +
    'never of the latest send. It goes in small slices, so that a send that runs is not held up, and may be broken off. With\n' +
    'keepDetails the worker does the same once a day. Erases too who never confirmed, and who left every list, as long ago as\n' +
    'privacy says (docs/privacy.md). With --server the token needs the scope people.',
  options: {
    months: { type: 'string', value: 'N', about: 'Of sends that ended longer ago than this.' },
    'dry-run': { type: 'boolean', about: 'Only say what would go.' },
    ...serverOption,
  },
  examples: [
    ['mailshot purge --months 12 --dry-run', 'what would go'],
    ['mailshot purge', 'as mailshot.config.ts says'],
  ],
  run: (call) =>
    withDesk(call, async (desk) => {
      const { values, terminal } = call
      const months = parseMonths(values.months)
      if (values['dry-run']) {
        showPlan(terminal, await desk.planPurge(months), desk.config.timeZone)
        return exitCodes.done
      }
      const { signal, release } = stopSignal()
      const gone = await desk.purge(months, signal)
      release()
      if (terminal.json) terminal.printJson(gone)
      else {
        const rows = `${count(gone.recipients, 'recipient')} and ${count(gone.events, 'event')}`
        terminal.print(`${rows} of ${count(gone.sends, 'send')} are gone`)
        if (gone.people > 0) terminal.print(`${count(gone.people, 'person', 'people')} erased`)
      }
      return exitCodes.done
    }),
})

function parseMonths(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const months = Number(text)
  if (Number.isInteger(months) && months >= 1 && months <= 600) return months
  throw new MailshotError(`--months ${text}: say a number of months, from 1 to 600`)
}

function showPlan(terminal: Terminal, plan: PurgeCounts, timeZone: string): void {
  printList(terminal, plan.sends, {
    heading: ['send', 'campaign', 'ended', 'recipients', 'events', 'why'],
    cells: (send) => [
      send.id,
      send.slug,
      send.finishedAt === null ? '' : formatTime(Date.parse(send.finishedAt), timeZone),
      send.recipients,
      send.events,
      send.isTrash ? 'trash' : 'old',
    ],
    json: (send) => send,
    empty: 'No send is old enough, or none but the latest.',
  })
  const { unconfirmed, left } = plan.people
  if (unconfirmed > 0)
    terminal.note(`And ${count(unconfirmed, 'person', 'people')} who never confirmed.`)
  if (left > 0) terminal.note(`And ${count(left, 'person', 'people')} who left every list.`)
  if (plan.others > 0) terminal.note(`And ${count(plan.others, 'old event')} about no send.`)
}
