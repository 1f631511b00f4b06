import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import {
  type ExportFormat,
  exportFormats,
  type ExportKind,
  exportKinds,
  type ExportOptions,
  openExport,
} from '../export.ts'
import type { Mailshot } from '../mailshot.ts'
import { allLists, parseLists } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { makeWhole, writeWhole } from './export-file.ts'
import { count } from './format.ts'
import { readProject, withMailshot } from './project.ts'
import { openRowBar, type RowBar } from './row-bar.ts'
import { serverOption } from './send-desk.ts'
import { exportOfSite, kindsOf } from './server/export.ts'
import { stopSignal } from './signals.ts'
import { readSegment } from './subscriber-list.ts'
import type { Terminal } from './terminal.ts'

const options = {
  format: {
    type: 'string',
    value: 'FORMAT',
    about:
      'csv or jsonl; by default what the file is called, jsonl with --json and for all, else csv.',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    about:
      'Where to, in the place of stdout; for all, a new folder. It is there once it is whole, and only its owner may read it.',
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
  ...serverOption,
} as const

type ExportCall = Call<typeof options>

export const exportCommand = defineCommand({
  usage: [
    `export ${exportKinds.join('|')} [--format csv|jsonl] [--output FILE]`,
    'export all --output FOLDER [--format csv|jsonl]',
  ],
  takes: 1,
  about:
    'Writes out what the database holds, as it is at one moment; sends go on meanwhile. Subscribers come with their lists\n' +
    '(whatever became of them), consents, fields, pause, tracking consent and suppression; snapshots are what was mailed, media the\n' +
    'images in it. "export all" writes each kind into a file of a folder, all as of the same moment, and "mailshot import FOLDER" brings\n' +
    'that into another instance as it was. CSV is safe to open in a spreadsheet: what a program would take for a formula has an\n' +
    'apostrophe before it, which an import takes away. JSON Lines begin with a line that says what they are. Suppressions hold the key\n' +
    'of hashes: keep them as carefully as the database. With --server the token needs the scope export.',
  options,
  examples: [
    ['mailshot export subscribers -o people.csv', 'for a spreadsheet, or another mailshot'],
    ['mailshot export subscribers --segment "city = Lyon" -o lyon.csv', 'some of them'],
    ['mailshot export events --format jsonl | gzip > events.jsonl.gz', 'to keep or to count'],
    ['mailshot export all -o exported', 'all of it, to move to another mailshot'],
    ['mailshot export all -o exported --server https://example.org', 'the same, of a running site'],
  ],
  exit: { [exitCodes.failed]: 'it failed on the way, or was stopped; a file is left as it was' },
  run: async (call) => {
    const what = readRequest(call)
    const { server, list, segment } = call.values
    if (server === undefined) {
      return withMailshot(call.values, async (mailshot) => {
        const lists = parseLists(list, await allLists(mailshot))
        const condition = segment === undefined ? undefined : await readSegment(mailshot, segment)
        return exportHere(mailshot, { ...what, lists, segment: condition }, call.terminal)
      })
    }
    const config = await readProject(call.values)
    return exportThere(config, { ...what, server, lists: list, segment }, call.terminal)
  },
})

interface ExportRequest extends Pick<ExportOptions, 'lists' | 'segment'> {
  kind: ExportKind | 'all'
  format: ExportFormat
  /** In full: reading the project goes to its root. Undefined for stdout. */
  path: string | undefined
}

function readRequest({ positionals, values }: ExportCall): ExportRequest {
  const kind = parseKind(positionals[0])
  const { output, list, segment, json, format: asked } = values
  if ((list ?? segment) !== undefined && kind !== 'subscribers') {
    const option = list ? '--list' : '--segment'
    throw new MailshotError(`export ${kind}: ${option} is about subscribers alone; leave it out`)
  }
  const path = output === undefined || output === '-' ? undefined : resolve(output)
  if (kind === 'all' && path === undefined) {
    throw new MailshotError(noFolder)
  }
  const isLines = json || kind === 'all' || /\.(?:jsonl|ndjson)$/i.test(path ?? '')
  return { kind, path, format: parseFormat(asked ?? (isLines ? 'jsonl' : 'csv')) }
}

function parseKind(text = ''): ExportRequest['kind'] {
  const kinds = [...exportKinds, 'all'] as const
  const kind = kinds.find((one) => one === text)
  if (kind) return kind
  const what = text === '' ? 'export: what?' : `export: "${text}" is not known;`
  throw new MailshotError(`${what} ${didYouMean(text, kinds)}`)
}

function parseFormat(text: string): ExportFormat {
  const found = exportFormats.find((one) => one === text)
  if (found) return found
  throw new MailshotError(`--format ${text}: it is one of ${exportFormats.join(', ')}`)
}

async function exportHere(
  mailshot: Mailshot,
  { kind, path, ...how }: ExportRequest,
  terminal: Terminal,
): Promise<ExitCode> {
  const opened = openExport(mailshot)
  const counts = new Map<ExportKind, number>()
  const textOf = (one: ExportKind) =>
    withBar(terminal, (bar) => {
      const onProgress = ({ done, total }: { done: number; total: number }) => {
        counts.set(one, done)
        bar.update(done, Math.max(total, done))
      }
      return opened.text({ ...how, kind: one, onProgress })
    })
  try {
    return await untilStopped(async (signal) => {
      if (kind !== 'all') await writeOne(textOf(kind), path, signal)
      else {
        const all = exportKinds.map((one) => ({ kind: one, text: textOf(one) }))
        await writeAll(all, { path, signal, format: how.format })
      }
      const where = path === undefined ? '' : ` in ${path}`
      for (const [one, rows] of counts) terminal.note(`${count(rows, 'row')} of ${one}${where}`)
    })
  } finally {
    opened.close()
  }
}

/** The same of a running site. */
function exportThere(
  config: MailshotConfig,
  { server, kind, path, ...how }: ExportRequest & { server: string },
  terminal: Terminal,
): Promise<ExitCode> {
  if (kind === 'all' && how.format === 'csv') {
    throw new MailshotError('export all --server: it comes as JSON Lines; leave out --format csv')
  }
  return untilStopped(async (signal) => {
    const text = exportOfSite(config, server, { ...how, kind, signal })
    if (kind === 'all') await writeAll(kindsOf(text), { path, signal, format: how.format })
    else await writeOne(text, path, signal)
    if (path !== undefined) terminal.note(`${kind} of ${server} in ${path}`)
  })
}

/** Does it until Ctrl-C. */
async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<ExitCode> {
  const { signal, release } = stopSignal()
  try {
    await work(signal)
    return exitCodes.done
  } catch (error) {
    if (!signal.aborted) throw error
    return exitCodes.failed
  } finally {
    release()
  }
}

async function writeOne(
  text: AsyncIterable<string>,
  path: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (path !== undefined) return writeWhole(text, path, signal)
  await pipeline(text, process.stdout, { signal, end: false })
}

async function writeAll(
  all: AsyncIterable<KindText> | Iterable<KindText>,
  { path, format, signal }: { path: string | undefined; format: ExportFormat; signal: AbortSignal },
): Promise<void> {
  if (path === undefined) throw new MailshotError(noFolder)
  const fill = async (write: (name: string, text: AsyncIterable<string>) => Promise<void>) => {
    for await (const { kind, text } of all) await write(`${kind}.${format}`, text)
  }
  await makeWhole(path, fill, signal)
}

interface KindText {
  kind: ExportKind
  text: AsyncIterable<string>
}

const noFolder = 'export all: where to? Name a folder: --output exported'

/** A text, with a bar while it is read. */
async function* withBar(
  terminal: Terminal,
  open: (bar: RowBar) => AsyncIterable<string>,
): AsyncGenerator<string> {
  const bar = openRowBar(terminal)
  try {
    yield* open(bar)
  } finally {
    bar.stop()
  }
}
