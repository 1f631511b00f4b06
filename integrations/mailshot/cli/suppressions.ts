import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { suppressionReasons } from '../../../db/status.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { suppressionList } from '../sources/suppression-list.ts'
import { exportSuppressions } from '../suppression/export.ts'
import { importSuppressions } from '../suppression/import.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { printSuppressions } from './suppression.ts'
import { printable } from './terminal.ts'

const options = {
  reason: {
    type: 'string',
    value: 'REASON',
    about: `import: of entries that name none: ${suppressionReasons.join(', ')}; manual by default.`,
  },
  note: { type: 'string', value: 'TEXT', about: 'import: why, for whoever looks later.' },
  hashed: { type: 'boolean', about: 'export: hashes in the place of all addresses.' },
} as const

type SuppressionsCall = Call<typeof options>

export const suppressions = defineCommand({
  usage: [
    'suppressions [list]',
    'suppressions export [--hashed] > FILE',
    'suppressions import <file> [--reason REASON] [--note TEXT]',
    'suppressions import - < FILE',
  ],
  takes: 2,
  about:
    'All addresses that get nothing whatever their subscriptions say. An export holds them with reason and date, and the key of\n' +
    'those of which only a hash is kept: keep it as carefully as the database. An import takes such a file, a CSV file, or one\n' +
    'address a line, also SHA-256 or MD5 hashes of addresses in lower case; where an address is suppressed already the stronger\n' +
    'reason stands, so running it again changes nothing. One address: mailshot suppress, mailshot lift.',
  options,
  examples: [
    ['mailshot suppressions export > suppressed.jsonl', 'to keep, or to take to another mailshot'],
    ['mailshot suppressions import blocklist.csv --reason complaint', 'what a provider has kept'],
  ],
  exit: { [exitCodes.failed]: 'some lines could not be read; the rest is in' },
  run: (call) => {
    const [action = 'list', file] = call.positionals
    if (action === 'import') return bringIn(call, file)
    if (file !== undefined) throw new MailshotError(`suppressions ${action}: it takes no file`)
    if (action === 'export') return withMailshot(call.values, (mailshot) => give(call, mailshot))
    if (action === 'list') {
      return withMailshot(call.values, (mailshot) => printSuppressions(mailshot, call.terminal))
    }
    throw new MailshotError(`suppressions: "${action}" is not known; say list, export or import`)
  },
})

async function give({ values, terminal }: SuppressionsCall, mailshot: Mailshot): Promise<ExitCode> {
  const { hashed = false } = values
  for await (const line of exportSuppressions(mailshot, { hashed })) terminal.printJson(line)
  return exitCodes.done
}

function bringIn({ values, terminal }: SuppressionsCall, file: string | undefined) {
  const reason = parseReasonOption(values.reason)
  if (file === undefined) {
    throw new MailshotError('suppressions import: which file? For example: suppressed.jsonl')
  }
  // Found where the command was called, which is not where the project's root is.
  const path = resolve(file)
  if (file !== '-' && !existsSync(path)) throw new MailshotError(`${file}: there is no such file`)
  return withMailshot(values, async (mailshot) => {
    const name = file === '-' ? 'stdin' : basename(file)
    const source = suppressionList(file === '-' ? process.stdin : path, name)
    const summary = await importSuppressions(mailshot, source, {
      actor: actor(),
      reason,
      note: values.note,
      onFault: ({ line, cause }) => terminal.warn(printable(`${name}:${line}: ${cause}`)),
    })
    const { read, changed, unchanged, faultCount } = summary
    if (terminal.json) terminal.printJson(summary)
    else {
      const faults = faultCount > 0 ? `, ${faultCount} could not be read` : ''
      terminal.print(
        `${count(read, 'line')}: ${changed} suppressed, ${unchanged} were already${faults}`,
      )
    }
    return faultCount > 0 ? exitCodes.failed : exitCodes.done
  })
}

function parseReasonOption(text: string | undefined) {
  const reason = suppressionReasons.find((one) => one === text)
  if (text === undefined || reason) return reason
  throw new MailshotError(`--reason ${text}: it is one of ${suppressionReasons.join(', ')}`)
}
