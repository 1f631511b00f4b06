import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { MailshotError } from '../error.ts'
import { type ExportKind, exportKinds } from '../export.ts'
import { importSubscribers } from '../import.ts'
import { importExported } from '../import/exported.ts'
import { openRehearsal } from '../import/rehearsal.ts'
import { closedLists } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { csv } from '../sources/csv.ts'
import { exportedTable, readExportKind } from '../sources/exported.ts'
import { jsonl } from '../sources/jsonl.ts'
import { suppressionList } from '../sources/suppression-list.ts'
import { importSuppressions } from '../suppression/import.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { actor } from './project.ts'
import { openRowBar } from './row-bar.ts'
import { stopSignal } from './signals.ts'
import { printable, type Terminal } from './terminal.ts'

/** A file that `mailshot export` has written. */
export interface ExportFile {
  path: string
  kind: ExportKind
}

/**
 * The files of an export in the order in which they are to be read: those that are named, or all in a folder. Undefined where something
 * else is named, such as one file of subscribers.
 *
 * @throws MailshotError for several files of which one is no such export
 */
export async function exportsNamed(names: readonly string[]): Promise<ExportFile[] | undefined> {
  const [first = ''] = names
  const isFolder = names.length === 1 && statOf(first)?.isDirectory() === true
  const paths = isFolder
    ? readdirSync(first).map((name) => resolve(join(first, name)))
    : names.map((name) => resolve(name))
  const files: ExportFile[] = []
  for (const path of paths) {
    const isFile = isExportName(path) && statOf(path)?.isFile()
    const kind = isFile ? await readExportKind(path) : undefined
    if (kind) files.push({ path, kind })
    else if (names.length > 1) throw noExport(path)
  }
  if (isFolder && files.length === 0) throw noExport(first)
  if (!isFolder && files.length < 2 && !files.some(isOfHistory)) return undefined
  return files.toSorted((a, b) => exportKinds.indexOf(a.kind) - exportKinds.indexOf(b.kind))
}

/** Whether one file is an export of subscribers, which is imported as other people's files are. */
export async function isExportOfPeople(name = '-'): Promise<boolean> {
  const isFile = isExportName(name) && statOf(name)?.isFile() === true
  return isFile && (await readExportKind(name)) === 'subscribers'
}

function noExport(path: string): MailshotError {
  return new MailshotError(
    `${path}: here is no export of a mailshot; several files can be imported at once only where each is one: ` +
      'write them with mailshot export all --output FOLDER',
  )
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false })
}

/** Whether an export may be in a file of such a name. */
export function isExportName(name: string): boolean {
  return /\.(?:jsonl|ndjson|csv)$/i.test(name)
}

function isOfHistory({ kind }: ExportFile): boolean {
  return kind !== 'subscribers' && kind !== 'suppressions'
}

/** What came of one file; the operations tell more of their own. */
interface Came {
  read: number
  created: number
  faultCount: number
  stopped: boolean
}

interface Run {
  actor: string
  signal: AbortSignal
  dryRun: boolean
  onProgress: (progress: { read: number; total: number | undefined }) => void
  onFault: (fault: { line: number; cause: string }) => void
  /** Lists that are not in the settings and that people may be on all the same. */
  closedLists: readonly string[]
  map?: Record<string, string> | undefined
  skipLists?: readonly string[] | undefined
}

export interface ExportsOptions extends Pick<Run, 'map' | 'skipLists'> {
  terminal: Terminal
  dryRun?: boolean | undefined
}

/** The lists that such files bring. */
async function listsIn(files: readonly ExportFile[]): Promise<string[]> {
  const found: string[] = []
  for (const { path } of files.filter(({ kind }) => kind === 'lists')) {
    for await (const entry of exportedTable(path, { kind: 'lists' }).entries()) {
      if ('row' in entry && typeof entry.row['id'] === 'string') found.push(entry.row['id'])
    }
  }
  return found
}

/** Brings in the files one after the other, and tells of each. */
export async function importExports(
  mailshot: Mailshot,
  files: readonly ExportFile[],
  options: ExportsOptions,
): Promise<ExitCode> {
  const { terminal, dryRun = false, ...lists } = options
  const foreseen = dryRun ? await listsIn(files) : []
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing the slice in hand …'))
  let isWhole = true
  try {
    for (const file of files) {
      if (signal.aborted) break
      const closed = [...(await closedLists(mailshot)), ...foreseen]
      const how = { ...lists, terminal, signal, dryRun, closedLists: closed }
      const came = await importOne(mailshot, file, how)
      const { kind } = file
      isWhole &&= came.faultCount === 0 && !came.stopped
      if (terminal.json) terminal.printJson({ kind, file: basename(file.path), dryRun, ...came })
      else terminal.print(described(kind, came, dryRun))
    }
    if (dryRun && !terminal.json) terminal.print('Nothing was written.')
    return isWhole && !signal.aborted ? exitCodes.done : exitCodes.failed
  } finally {
    release()
  }
}

async function importOne(
  mailshot: Mailshot,
  file: ExportFile,
  { terminal, ...how }: { terminal: Terminal } & Omit<Run, 'actor' | 'onProgress' | 'onFault'>,
): Promise<Came> {
  const bar = openRowBar(terminal)
  const name = basename(file.path)
  let told = 0
  try {
    return await importBy(mailshot, file, {
      ...how,
      actor: actor(),
      onProgress: ({ read, total }) => bar.update(read, total),
      onFault: ({ line, cause }) => {
        told += 1
        if (told <= mostTold) terminal.warn(printable(`${name}:${line}: ${cause}`))
      },
    })
  } finally {
    bar.stop()
  }
}

/** Of the faults of a file on the terminal. */
const mostTold = 100

async function importBy(mailshot: Mailshot, { path, kind }: ExportFile, run: Run): Promise<Came> {
  switch (kind) {
    case 'subscribers': {
      const fields = Object.keys(mailshot.config.fields)
      const isCsv = /\.csv$/i.test(path)
      return importSubscribers(mailshot, isCsv ? csv(path, { fields }) : jsonl(path), run)
    }
    case 'suppressions':
      return importSuppressed(mailshot, path, run)
    case 'lists':
    case 'snapshots':
    case 'media':
    case 'sends':
    case 'recipients':
    case 'events':
      return importExported(mailshot, exportedTable(path, { kind }), run)
  }
}

async function importSuppressed(mailshot: Mailshot, path: string, run: Run): Promise<Came> {
  const source = suppressionList(path, basename(path))
  const rehearsal = run.dryRun ? await openRehearsal(mailshot) : undefined
  try {
    const how = { ...run, adoptKey: true, rehearsal }
    const { changed, ...came } = await importSuppressions(mailshot, source, how)
    return { ...came, created: changed, stopped: false }
  } finally {
    // It is a file with addresses in it.
    await rehearsal?.close()
  }
}

function described(kind: ExportKind, came: Came, dryRun: boolean): string {
  const parts = [
    ...(dryRun ? [] : [count(came.created, 'new', 'new')]),
    ...(came.faultCount > 0 ? [`${came.faultCount} could not be read`] : []),
    ...(came.stopped ? ['stopped; run it again to go on'] : []),
  ]
  return `${kind}: ${[count(came.read, 'row'), ...parts].join(', ')}`
}
