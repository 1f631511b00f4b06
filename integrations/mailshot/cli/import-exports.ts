import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { MailshotError } from '../error.ts'
import { type ExportKind, exportKinds } from '../export.ts'
import { importSubscribers } from '../import.ts'
import { foreseeSuppressions } from '../import/foresee.ts'
import { importExported } from '../import/exported.ts'
import type { Mailshot } from '../mailshot.ts'
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
    ? readdirSync(first).flatMap((name) => (isLines(name) ? [resolve(join(first, name))] : []))
    : names.map((name) => resolve(name))
  const files: ExportFile[] = []
  for (const path of paths) {
    const found = isLines(path) && statOf(path)?.isFile() ? await readExportKind(path) : undefined
    const kind = exportKinds.find((one) => one === found)
    if (kind) files.push({ path, kind })
    else if (names.length > 1) throw noExport(path)
  }
  if (isFolder && files.length === 0) throw noExport(first)
  if (!isFolder && files.length < 2 && !files.some(isOfHistory)) return undefined
  return files.toSorted((a, b) => exportKinds.indexOf(a.kind) - exportKinds.indexOf(b.kind))
}

function noExport(path: string): MailshotError {
  return new MailshotError(
    `${path}: here is no export of a mailshot as JSON Lines; several files can be imported at once only where each is one: ` +
      'write them with mailshot export … --output NAME.jsonl',
  )
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false })
}

function isLines(name: string): boolean {
  return /\.(?:jsonl|ndjson)$/i.test(name)
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
}

/** Brings in the files one after the other, and tells of each. */
export async function importExports(
  mailshot: Mailshot,
  files: readonly ExportFile[],
  { terminal, dryRun = false }: { terminal: Terminal; dryRun?: boolean | undefined },
): Promise<ExitCode> {
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing the slice in hand …'))
  let isWhole = true
  try {
    for (const file of files) {
      if (signal.aborted) break
      const came = await importOne(mailshot, file, { terminal, signal, dryRun })
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
  { terminal, ...how }: { terminal: Terminal; signal: AbortSignal; dryRun: boolean },
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
    case 'subscribers':
      return importSubscribers(mailshot, jsonl(path), run)
    case 'suppressions': {
      const source = suppressionList(path, basename(path))
      const { changed, ...came } = run.dryRun
        ? await foreseeSuppressions(mailshot, source)
        : await importSuppressions(mailshot, source, run)
      return { faultCount: 0, ...came, created: changed, stopped: false }
    }
    case 'media':
    case 'sends':
    case 'recipients':
    case 'events':
      return importExported(mailshot, exportedTable(path, { kind }), run)
  }
}

function described(kind: ExportKind, came: Came, dryRun: boolean): string {
  const parts = [
    ...(dryRun ? [] : [`${came.created} new`]),
    ...(came.faultCount > 0 ? [`${came.faultCount} could not be read`] : []),
    ...(came.stopped ? ['stopped; run it again to go on'] : []),
  ]
  return `${kind}: ${[count(came.read, 'row'), ...parts].join(', ')}`
}
