import { SingleBar } from 'cli-progress'
import type { HistorySummary } from '../import/history.ts'
import { importSubscribers, type ImportSummary } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import type { SystemSource } from '../sources/tables/source.ts'
import { openLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { importSent, importSuppressed } from './import-beside.ts'
import { sourceNamed, sourceNames } from './import-source.ts'
import { actor, withMailshot } from './project.ts'
import { stopSignal } from './signals.ts'
import { paintNote, printable, type Terminal } from './terminal.ts'

const options = {
  list: {
    type: 'string',
    multiple: true,
    short: 'l',
    value: 'ID',
    about: 'The lists of rows that name none; several with commas, or repeat it.',
  },
  source: {
    type: 'string',
    value: 'NAME',
    about: `Where it comes from: ${sourceNames.join(', ')}; csv by default.`,
  },
  prefix: {
    type: 'string',
    value: 'TEXT',
    about: 'What the tables meant begin with, where a database holds two sites.',
  },
  'no-history': { type: 'boolean', about: 'Leave out what the other system has sent.' },
  encoding: {
    type: 'string',
    value: 'NAME',
    about: 'Of the file, like windows-1252; UTF-8 by default.',
  },
} as const

export const importCommand = defineCommand({
  usage: ['import <file> --list ID… [options]', 'import - --list ID… < file'],
  takes: 1,
  about:
    'Brings in people who are subscribers elsewhere: no confirmation is mailed. A CSV file needs a heading "email" (also\n' +
    'mail, courriel, address …); read too are name (or first and last name), lang, time_zone, lists, status, confirmed_at\n' +
    '(the date of the consent), in English or French, and the fields of the settings. Other columns are told and left\n' +
    'out. Commas, semicolons, tabs and quotes are understood. Lines that cannot be read are listed with number and cause, and the\n' +
    'others come in. Run it again and nothing changes; nobody who left or is suppressed comes back.',
  options,
  examples: [
    ['mailshot import people.csv --list weekly', 'everybody onto one list'],
    ['mailshot import people.csv', 'onto the lists that a column "lists" names'],
  ],
  exit: { [exitCodes.failed]: 'some lines could not be read, or it was stopped; the rest is in' },
  run: (call) => {
    const { source, encoding, prefix } = call.values
    const open = sourceNamed({ file: call.positionals[0], source, encoding, prefix })
    return withMailshot(call.values, (mailshot) => bringIn(call, mailshot, open(mailshot)))
  },
})

type ImportCall = Call<typeof options>

async function bringIn(
  { values, terminal }: ImportCall,
  mailshot: Mailshot,
  source: SystemSource,
): Promise<ExitCode> {
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing the slice in hand …'))
  const bar = openBar(terminal)
  const told: string[] = []
  try {
    const run = { actor: actor(), signal }
    const people = await importSubscribers(mailshot, source, {
      ...run,
      lists: parseLists(values.list, openLists(mailshot)),
      onProgress: ({ read, total }) => bar.update(read, total),
      onFault: ({ line, cause }) => told.push(`${source.name}:${line}: ${cause}`),
      onNotice: (notice) => told.push(`${source.name}: ${notice}`),
    })
    const suppressed = await importSuppressed(mailshot, source, run)
    const history = await importSent(mailshot, values['no-history'] ? {} : source, run)
    const summary = { ...people, suppressed, history }
    bar.stop()
    for (const line of told) terminal.warn(printable(line))
    if (terminal.json) terminal.printJson(summary)
    else terminal.print(describe(summary))
    return summary.faultCount > 0 || summary.stopped || history.stopped
      ? exitCodes.failed
      : exitCodes.done
  } finally {
    bar.stop()
    release()
  }
}

type Summary = ImportSummary & { suppressed: number; history: HistorySummary }

function describe(summary: Summary): string {
  const { created, updated, unchanged, skipped, faultCount, suppressed, history } = summary
  const parts: [number, string][] = [
    [created, 'new'],
    [updated, 'updated'],
    [unchanged, 'unchanged'],
    [skipped.suppressed, 'suppressed'],
    [skipped.unsubscribed, 'had left'],
    [faultCount, 'could not be read'],
  ]
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  const isStopped = summary.stopped || history.stopped
  return [
    `${count(summary.read, 'row')}: ${told.join(', ') || 'nothing to do'}`,
    ...(suppressed > 0
      ? [`suppressed: ${count(suppressed, 'more address', 'more addresses')}`]
      : []),
    ...(history.sends + history.recipients > 0
      ? [`history: ${count(history.sends, 'send')}, ${count(history.recipients, 'recipient')}`]
      : []),
    ...(isStopped ? ['stopped; run it again to go on'] : []),
  ].join('\n')
}

function openBar(terminal: Terminal) {
  if (!terminal.live) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${paintNote('green', '{bar}')} {percentage}%  {value} of {total} rows  {eta_formatted} left`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 32,
    hideCursor: true,
    gracefulExit: false,
  })
  return {
    update(read: number, total: number | undefined) {
      if (bar.isActive) bar.update(read)
      else bar.start(total ?? read, read)
      if (total === undefined) bar.setTotal(read)
    },
    stop: () => bar.stop(),
  }
}
