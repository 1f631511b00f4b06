import { resolve } from 'node:path'
import { MailshotError } from '../error.ts'
import { closedLists } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { type DateOrder, dateOrders } from '../sources/csv/date.ts'
import { openLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, exitCodes } from './command.ts'
import {
  type ExportFile,
  exportsNamed,
  importExports,
  isExportName,
  isExportOfPeople,
} from './import-exports.ts'
import { importPeople } from './import-people.ts'
import { sourceNamed, sourceNames } from './import-source.ts'
import { withMailshot } from './project.ts'
import { openRejects } from './rejects.ts'

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
    about: `Where it comes from: ${sourceNames.join(', ')}; csv by default, jsonl where the file is called so.`,
  },
  prefix: {
    type: 'string',
    value: 'TEXT',
    about: 'What the tables meant begin with, where a database holds two sites.',
  },
  keys: {
    type: 'string',
    value: 'FILE',
    about: "spip: the site's config/cles.php, which the links in its old mails are known by.",
  },
  'no-history': { type: 'boolean', about: 'Leave out what the other system has sent.' },
  encoding: {
    type: 'string',
    value: 'NAME',
    about: 'Of a CSV file, like windows-1252; told by itself, but on stdin, where it is UTF-8.',
  },
  column: {
    type: 'string',
    multiple: true,
    value: 'WHAT=HEADER',
    about:
      'csv: which column has the email, name, first_name, last_name, lang, time_zone, lists, status, confirmed_at or a field; repeat it.',
  },
  dates: {
    type: 'string',
    value: 'ORDER',
    about: `csv: what comes first in 03/04/2026, ${dateOrders.join(' or ')}; other dates need none.`,
  },
  map: {
    type: 'string',
    multiple: true,
    value: 'THEIRS=ID',
    about: 'Which list of ours one of theirs is; repeat it.',
  },
  'skip-list': {
    type: 'string',
    multiple: true,
    value: 'THEIRS',
    about: 'A list of theirs that is left out; repeat it.',
  },
  rejects: {
    type: 'string',
    value: 'FILE',
    about:
      'Where rows go that could not be imported, with line and cause. Correct them there, and import that file.',
  },
  'dry-run': { type: 'boolean', about: 'Say what would come of it, and write nothing.' },
} as const

export const importCommand = defineCommand({
  usage: [
    'import <file> --list ID… [options]',
    'import - --list ID… < file',
    'import <file|folder|mysql://…> --source NAME [options]',
    'import <folder|file…>',
  ],
  takes: (files) => (files.every(isExportName) ? files.length : 1),
  about:
    'Brings in people who are subscribers elsewhere: no confirmation is mailed. A CSV file needs a heading "email" (also\n' +
    'mail, courriel, address …); read too are name (or first and last name), lang, time_zone, lists, status, confirmed_at\n' +
    '(the date of the consent), in English or French, and the fields of the settings. Other columns are told and left\n' +
    'out. Commas, semicolons, tabs, quotes and encodings are understood. Lines that cannot be read are listed with number and\n' +
    'cause, and the others come in. A list that is not in the settings is told before anything is written; from stdin, where its\n' +
    'row is reached, when those before it are in. Run it again, whole or broken off, and nothing more changes; nobody who left\n' +
    'or is suppressed comes back.\n' +
    'Other systems are read from a dump (spip, phplist, listmonk; also .gz), a SQLite file or a MySQL server (spip, phplist; the\n' +
    'password in MYSQL_PWD), or their own exports (spip, listmonk, mailchimp). Dumps and databases bring what was sent,\n' +
    'too, those of listmonk with its counts alone; CSV exports, Mailchimp among them, bring none of it. Their lists are named by --map.\n' +
    'What "mailshot export" has written, sends and their recipients too, comes in by the file, by several, or as a folder of them, in\n' +
    'the right order; --dry-run counts and checks their rows. Nobody is mailed: a send that was open there is cancelled here.',
  options,
  examples: [
    ['mailshot import people.csv --list weekly', 'everybody onto one list'],
    ['mailshot import people.csv --dry-run', 'what would come of it, list by list'],
    [
      'mailshot import people.csv --column email="E-mail address" --map "Our news"=weekly',
      'a file as it is',
    ],
    ['mailshot import people.csv --rejects wrong.csv', 'then correct wrong.csv, and import it'],
    [
      'mailshot import spip.sql.gz --source spip --map newsletter=weekly',
      'a SPIP site, and what it sent',
    ],
    ['mailshot import people.jsonl', 'what mailshot export has written'],
    ['mailshot import exported/', 'all that it has written there: people, sends, reports'],
  ],
  exit: { [exitCodes.failed]: 'some lines could not be read, or it was stopped; the rest is in' },
  run: async (call) => {
    const { source, encoding, prefix, keys, column, rejects } = call.values
    const files = source === undefined ? await exportsNamed(call.positionals) : undefined
    if (files) return withMailshot(call.values, (mailshot) => bringBack(call, mailshot, files))
    const [file] = call.positionals
    const isExport = source === undefined && (await isExportOfPeople(file))
    const columns = column && parseColumns(column)
    const dates = parseDates(call.values.dates)
    const open = sourceNamed({ file, source, encoding, prefix, keys, columns, dates })
    // Reading the project goes to its root.
    const rejected = rejects === undefined ? undefined : openRejects(resolve(rejects), file)
    return withMailshot(call.values, async (mailshot) =>
      importPeople(mailshot, {
        ...listsOf(call.values),
        terminal: call.terminal,
        source: open(mailshot),
        rejects: rejected && { ...rejected, shown: rejects ?? '' },
        lists: parseLists(call.values.list, openLists(mailshot)),
        closedLists: isExport ? await closedLists(mailshot) : [],
        dryRun: call.values['dry-run'] ?? false,
        isWithoutHistory: call.values['no-history'] ?? false,
      }),
    )
  },
})

function bringBack({ values, terminal }: ImportCall, mailshot: Mailshot, files: ExportFile[]) {
  const others = ['list', 'prefix', 'keys', 'no-history', 'encoding', 'column', 'rejects'] as const
  const [other] = others.filter((name) => values[name] !== undefined)
  if (other !== undefined) {
    throw new MailshotError(
      `import: --${other} is not for what mailshot export has written; leave it out`,
    )
  }
  const dryRun = values['dry-run']
  return importExports(mailshot, files, { terminal, dryRun, ...listsOf(values) })
}

type ImportCall = Call<typeof options>

function listsOf({ map, 'skip-list': skipLists }: ImportCall['values']) {
  return { map: map && parseMap(map), skipLists }
}

function parseDates(text: string | undefined): DateOrder | undefined {
  const order = dateOrders.find((one) => one === text)
  if (text === undefined || order) return order
  throw new MailshotError(`--dates ${text}: it is one of ${dateOrders.join(', ')}`)
}

/** `WHAT=HEADER`: the header may have a = of its own. */
function parseColumns(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf('=')
    if (at > 0 && at < text.length - 1) return [text.slice(0, at).trim(), text.slice(at + 1)]
    throw new MailshotError(`--column ${text}: write it like --column email="E-mail address"`)
  })
  return Object.fromEntries(pairs)
}

/** `THEIRS=OURS`. */
function parseMap(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.lastIndexOf('=')
    if (at > 0 && at < text.length - 1) return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
    throw new MailshotError(`--map ${text}: write it like --map "Old list"=weekly`)
  })
  return Object.fromEntries(pairs)
}
