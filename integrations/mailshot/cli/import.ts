import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { SingleBar } from 'cli-progress'
import { MailshotError } from '../error.ts'
import { importSubscribers, type ImportSource, type ImportSummary } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import { csv } from '../sources/csv.ts'
import { openLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
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
  source: { type: 'string', value: 'NAME', about: 'Where it comes from: csv (the default).' },
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
    const open = sourceNamed(call)
    return withMailshot(call.values, (mailshot) => bringIn(call, mailshot, open(mailshot)))
  },
})

type ImportCall = Call<typeof options>

/** Finds the file where the command was called, which is not where the project's root is. */
function sourceNamed({ values, positionals: [file] }: ImportCall): (to: Mailshot) => ImportSource {
  const { source = 'csv', encoding } = values
  if (source !== 'csv') throw new MailshotError(`--source ${source}: there is no such source (csv)`)
  if (!file) throw new MailshotError('import: which file? For example: mailshot import people.csv')
  const path = resolve(file)
  if (file !== '-' && !existsSync(path)) throw new MailshotError(`${file}: there is no such file`)
  return ({ config }) =>
    csv(file === '-' ? process.stdin : path, {
      name: file === '-' ? 'stdin' : basename(file),
      fields: Object.keys(config.fields),
      ...(encoding !== undefined && { encoding }),
    })
}

async function bringIn(
  { values, terminal }: ImportCall,
  mailshot: Mailshot,
  source: ImportSource,
): Promise<ExitCode> {
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing the slice in hand …'))
  const bar = openBar(terminal)
  const told: string[] = []
  try {
    const summary = await importSubscribers(mailshot, source, {
      actor: actor(),
      lists: parseLists(values.list, openLists(mailshot)),
      signal,
      onProgress: ({ read, total }) => bar.update(read, total),
      onFault: ({ line, cause }) => told.push(`${source.name}:${line}: ${cause}`),
      onNotice: (notice) => told.push(`${source.name}: ${notice}`),
    })
    bar.stop()
    for (const line of told) terminal.warn(printable(line))
    if (terminal.json) terminal.printJson(summary)
    else terminal.print(describe(summary))
    return summary.faultCount > 0 || summary.stopped ? exitCodes.failed : exitCodes.done
  } finally {
    bar.stop()
    release()
  }
}

function describe(summary: ImportSummary): string {
  const { created, updated, unchanged, skipped, faultCount } = summary
  const parts: [number, string][] = [
    [created, 'new'],
    [updated, 'updated'],
    [unchanged, 'unchanged'],
    [skipped.suppressed, 'suppressed'],
    [skipped.unsubscribed, 'had left'],
    [faultCount, 'could not be read'],
  ]
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  const end = summary.stopped ? ' (stopped; run it again to go on)' : ''
  return `${count(summary.read, 'row')}: ${told.join(', ') || 'nothing to do'}${end}`
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
