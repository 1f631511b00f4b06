import type { Statistics } from '../send/statistics.ts'
import { requireSendName } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { formatTime } from './format.ts'
import { serverOption, withDesk } from './send-desk.ts'
import { printList } from './table.ts'
import type { Terminal } from './terminal.ts'

export const stats = defineCommand({
  usage: ['stats <send> [--server URL]'],
  takes: 1,
  about:
    'What came of a send (its id, or the slug of its campaign for the latest): delivered, bounced, opened, clicked,\n' +
    'unsubscribed, complained, by link, by recipient domain and over time. Kept when the details are purged. Opens and clicks\n' +
    'are counted without names, so they say how often, and not how many people; those by prefetching, proxies and scanners\n' +
    'stand apart. Many people open mails without their images, and are not counted at all.',
  options: serverOption,
  examples: [
    ['mailshot stats 2026-06-launch', 'of the latest send of that campaign'],
    ['mailshot stats 2026-06-launch --json | jq .links', 'which links were followed'],
  ],
  run: (call) =>
    withDesk(call, async (desk) => {
      const found = await desk.stats(requireSendName(call.positionals))
      if (call.terminal.json) call.terminal.printJson(found)
      else print(call.terminal, found, desk.config.timeZone)
      return exitCodes.done
    }),
})

function print(terminal: Terminal, found: Statistics, timeZone: string): void {
  const { recipients, delivered, bounced, rates } = found
  const share = (rate: number | null) => (rate === null ? '' : ` (${rate} %)`)
  const lines: [string, string][] = [
    ['campaign', `${found.campaign}, send ${found.send}, ${found.status}`],
    ['sent', `${recipients.sent} of ${recipients.total}`],
    ['failed', `${recipients.failed}`],
    [
      'delivered',
      `${delivered.count}${share(rates.delivered)}, ${delivered.reported} of them reported`,
    ],
    [
      'bounced',
      `${bounced.count}${share(rates.bounced)}, ${bounced.hard} hard, ${bounced.soft} soft`,
    ],
    ['rejected', `${found.rejected} after they were taken`],
    ['opened', readingOf(found.opened)],
    ['clicked', readingOf(found.clicked)],
    ['left', `${found.unsubscribed}${share(rates.unsubscribed)}${reasonsOf(found)}`],
    ['complained', `${found.complained}${share(rates.complained)}`],
    ...(found.purgedAt === null
      ? []
      : [
          ['details', `purged ${formatTime(Date.parse(found.purgedAt), timeZone)}`] as [
            string,
            string,
          ],
        ]),
  ]
  terminal.print(lines.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n'))
  printTables(terminal, found, timeZone)
}

function reasonsOf({ reasons }: Statistics): string {
  const said = reasons.map(({ reason, people }) => `${people} ${reason}`)
  return said.length === 0 ? '' : `: ${said.join(', ')}`
}

function readingOf({ count, machine, people }: Statistics['opened']): string {
  const named = people > 0 ? `, ${people} people by name` : ''
  return `${count === 1 ? 'once' : `${count} times`}${named}; ${machine} more by machines`
}

function printTables(terminal: Terminal, found: Statistics, timeZone: string): void {
  const reports = ['bounced', 'opened', 'clicked', 'unsubscribed', 'complained'] as const
  if (found.links.length > 0) {
    terminal.print('')
    printList(terminal, found.links, {
      heading: ['clicks', 'link'],
      cells: ({ url, clicks }) => [clicks, url],
      json: (link) => link,
      empty: '',
    })
  }
  if (found.domains.length > 0) {
    const types = ['sent', 'failed', 'rejected', 'delivered', ...reports] as const
    terminal.print('')
    printList(terminal, found.domains.slice(0, mostDomains), {
      heading: ['domain', ...types],
      cells: (one) => [one.domain, ...types.map((type) => one[type])],
      json: (domain) => domain,
      empty: '',
    })
  }
  if (found.time.length === 0) return
  const types = ['sent', 'reported', ...reports] as const
  terminal.print('')
  printList(terminal, found.time, {
    heading: ['from', 'hours', ...types],
    cells: (one) => [
      formatTime(Date.parse(one.from), timeZone),
      one.hours,
      ...types.map((type) => one[type]),
    ],
    json: (span) => span,
    empty: '',
  })
}

/** The rest is in `--json`. */
const mostDomains = 20
