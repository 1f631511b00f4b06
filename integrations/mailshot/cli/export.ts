import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { didYouMean } from '../closest.ts'
import { MailshotError } from '../error.ts'
import {
  type ExportFormat,
  exportFormats,
  exportKinds,
  type ExportOptions,
  exportText,
} from '../export.ts'
import type { Mailshot } from '../mailshot.ts'
import { explainFault, readCondition } from '../segment.ts'
import { allLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { withMailshot } from './project.ts'
import { openRowBar } from './row-bar.ts'
import { stopSignal } from './signals.ts'
import type { Terminal } from './terminal.ts'

const options = {
  format: {
    type: 'string',
    value: 'FORMAT',
    about: 'csv or jsonl; by default what the file is called, jsonl with --json, else csv.',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    about:
      'Where to, in the place of stdout. It is there once it is whole, and only its owner may read it.',
  },
  list: {
    type: 'string',
    multiple: true,
    short: 'l',
    value: 'ID',
    about: 'subscribers: only who is or was on these lists; several with commas, or repeat it.',
  },
  segment: {
    type: 'string',
    value: 'CONDITION',
    about: 'subscribers: only those of whom it is true, or the name of a segment: "lang = fr".',
  },
} as const

export const exportCommand = defineCommand({
  usage: [`export ${exportKinds.join('|')} [--format csv|jsonl] [--output FILE]`],
  takes: 1,
  about:
    'Writes out what the database holds, as it is at one moment; sends go on meanwhile. Subscribers come with their lists\n' +
    '(whatever became of them), consents, fields, pause, tracking consent and suppression. CSV is safe to open in a\n' +
    'spreadsheet: what a program would take for a formula has an apostrophe before it. JSON Lines begin with a line that says\n' +
    'what they are, and hold more of sends: what was mailed, and what was counted. "mailshot import" brings a folder of them into\n' +
    'another instance as they were; of CSV it reads subscribers, and "mailshot suppressions import" suppressions. Those hold the key\n' +
    'of hashes: keep them as carefully as the database. Media are the images in mails.',
  options,
  examples: [
    ['mailshot export subscribers -o people.csv', 'for a spreadsheet, or another mailshot'],
    ['mailshot export subscribers --segment "city = Lyon" -o lyon.csv', 'some of them'],
    ['mailshot export events --format jsonl | gzip > events.jsonl.gz', 'to keep or to count'],
  ],
  exit: { [exitCodes.failed]: 'it failed on the way, or was stopped; a file is left as it was' },
  run: (call) => {
    const [kind, format] = [parseKind(call.positionals[0]), parseFormat(call)]
    const { output, list, segment: condition } = call.values
    if ((list ?? condition) !== undefined && kind !== 'subscribers') {
      const option = list ? '--list' : '--segment'
      throw new MailshotError(`export ${kind}: ${option} is about subscribers alone; leave it out`)
    }
    // Reading the project goes to its root.
    const file = output === undefined ? undefined : resolve(output)
    return withMailshot(call.values, async (mailshot) => {
      const lists = parseLists(list, await allLists(mailshot))
      const segment = readSegment(mailshot, condition)
      return writeOut(mailshot, { kind, format, lists, segment }, { file, terminal: call.terminal })
    })
  },
})

async function writeOut(
  mailshot: Mailshot,
  what: ExportOptions,
  { file, terminal }: { file: string | undefined; terminal: Terminal },
): Promise<ExitCode> {
  const { signal, release } = stopSignal()
  const bar = openRowBar(terminal)
  let rows = 0
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    rows = done
    bar.update(done, Math.max(total, done))
  }
  try {
    const text = Readable.from(exportText(mailshot, { ...what, onProgress }))
    if (file === undefined) await pipeline(text, process.stdout, { signal, end: false })
    else await writeWhole(text, file, signal)
    bar.stop()
    terminal.note(`${count(rows, 'row')} of ${what.kind}${file ? ` in ${file}` : ''}`)
    return exitCodes.done
  } catch (error) {
    if (!signal.aborted) throw error
    return exitCodes.failed
  } finally {
    bar.stop()
    release()
  }
}

function parseKind(text = '') {
  const kind = exportKinds.find((one) => one === text)
  if (kind) return kind
  const what = text === '' ? 'export: what?' : `export: "${text}" is not known;`
  throw new MailshotError(`${what} ${didYouMean(text, exportKinds)}`)
}

/** @throws MailshotError that shows where the condition is wrong */
function readSegment({ config }: Mailshot, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const read = readCondition(text, config)
  if ('condition' in read) return read.condition
  throw new MailshotError(`--segment: ${explainFault(text, read.wrong)}`)
}

function parseFormat({ values }: Call<typeof options>): ExportFormat {
  const { format, output = '', json } = values
  const text = format ?? (json || /\.(?:jsonl|ndjson)$/i.test(output) ? 'jsonl' : 'csv')
  const found = exportFormats.find((one) => one === text)
  if (found) return found
  throw new MailshotError(`--format ${text}: it is one of ${exportFormats.join(', ')}`)
}

/** Writes a file beside its name, and gives it that once it is on the disk: whoever looks finds the old one or the whole. */
async function writeWhole(text: Readable, file: string, signal: AbortSignal): Promise<void> {
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}`)
  const handle = await create(beside, file)
  try {
    await pipeline(text, handle.createWriteStream({ flush: true }), { signal })
    await rename(beside, file)
  } catch (error) {
    text.destroy()
    await rm(beside, { force: true })
    throw error
  }
}

async function create(path: string, file: string) {
  try {
    return await open(path, 'wx', 0o600)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(
      `${file}: cannot be written (${why}); check that its folder is there and may be written`,
      { cause },
    )
  }
}
