import { localize } from '../config.ts'
import { type ListSummary, listSummary } from '../list.ts'
import { type Synced, syncList } from '../list/sync.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count, formatTime, isoTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { stopSignal } from './signals.ts'
import { printList } from './table.ts'
import { printable } from './terminal.ts'

const options = {
  force: {
    type: 'boolean',
    about:
      'sync: also where all, or more than half of a list (and ten people or more), would leave by it.',
  },
  'dry-run': { type: 'boolean', about: 'sync: say who would join and leave, and change nothing.' },
} as const

type ListsCall = Call<typeof options>

export const lists = defineCommand({
  usage: ['lists', 'lists sync [<list>…] [--force] [--dry-run]'],
  takes: ([action]) => (action === 'sync' ? Infinity : 0),
  about:
    'The lists of the settings with their people counted; a list that vanished from the settings is closed, and keeps\n' +
    'its people. To add, rename or describe one, edit mailshot.config.ts.\n\n' +
    '"sync" asks the functions of automatic lists (members: () => … in the settings) who is on them. The site does so by\n' +
    'itself every syncHours (23), and before each send to such a list. Who left by themselves or is suppressed stays away. Where\n' +
    'that fails twice, or an answer is held since most would leave by it, the site mails the operator.',
  options,
  examples: [
    ['mailshot lists', 'who would get a campaign, list by list'],
    ['mailshot lists --json', 'one line of JSON a list'],
    ['mailshot lists sync staff --dry-run', 'who would join and leave'],
  ],
  exit: { [exitCodes.failed]: 'sync: a function failed, or its answer is held until --force' },
  run: (call) => {
    const [action, ...named] = call.positionals
    return withMailshot(call.values, (mailshot) =>
      action === 'sync' ? sync(call, mailshot, named) : show(call, mailshot),
    )
  },
})

async function show({ terminal }: ListsCall, mailshot: Mailshot): Promise<ExitCode> {
  const { lang, timeZone } = mailshot.config
  const summary = await listSummary(mailshot)
  printList(terminal, summary, {
    heading: ['list', 'title', 'status', 'active', 'suppressed', 'pending', 'unsubscribed'],
    cells: (list) => [
      list.id,
      list.privateTitle ?? localize(list.title, lang, lang),
      statusOf(list),
      list.active,
      list.suppressed,
      list.pending,
      list.unsubscribed,
    ],
    json: ({ syncedAt, ...list }) => ({ ...list, syncedAt: isoTime(syncedAt) }),
    empty: 'There is no list; declare one in mailshot.config.ts.',
  })
  for (const { id, automatic, syncedAt, syncFault } of summary) {
    if (!automatic || syncFault === null) continue
    const since = syncedAt === null ? 'never yet' : `since ${formatTime(syncedAt, timeZone)}`
    terminal.warn(
      `${id} is not in line with its function (in line ${since}): ${printable(syncFault)}`,
    )
  }
  return exitCodes.done
}

function statusOf({ status, automatic, public: isPublic }: ListSummary): string {
  if (status === 'closed') return status
  return [status, ...(isPublic ? [] : ['private']), ...(automatic ? ['automatic'] : [])].join(', ')
}

async function sync(
  { values, terminal }: ListsCall,
  mailshot: Mailshot,
  named: readonly string[],
): Promise<ExitCode> {
  const { config } = mailshot
  const all = Object.keys(config.lists).filter((id) => config.lists[id]?.members)
  if (all.length === 0)
    terminal.note('No list is automatic: none has members in mailshot.config.ts.')
  const { signal, release } = stopSignal()
  let hasFailed = false
  for (const list of named.length > 0 ? named : all) {
    const dryRun = values['dry-run'] === true
    const force = values.force === true
    const result = await syncList(mailshot, list, { actor: actor(), force, dryRun, signal })
    hasFailed ||= result.status !== 'done'
    if (terminal.json) terminal.printJson(result)
    else tell(terminal, result, dryRun)
  }
  release()
  return hasFailed ? exitCodes.failed : exitCodes.done
}

function tell(terminal: ListsCall['terminal'], result: Synced, dryRun: boolean): void {
  if (result.status !== 'done') {
    terminal.warn(`${result.list}: ${printable(result.reason)}`)
    return
  }
  const { list, read, joined, ended, keptOut, faultCount, faults } = result
  const would = dryRun ? 'would join' : 'joined'
  const parts = [
    `${joined} ${would}`,
    `${ended} ${dryRun ? 'would leave' : 'left'}`,
    ...(keptOut > 0 ? [`${keptOut} stay away (they left, or are suppressed)`] : []),
    ...(faultCount > 0 ? [`${count(faultCount, 'row')} with mistakes`] : []),
  ]
  terminal.print(`${list}: ${count(read, 'row')}: ${parts.join(', ')}`)
  for (const fault of faults) terminal.warn(`${list}, row ${printable(fault)}`)
}
