import { type ImportFault, type ImportSummary, importSubscribers } from '../import.ts'
import type { WantedLists } from '../import/check.ts'
import type { HistorySummary } from '../import/history.ts'
import { openRehearsal } from '../import/rehearsal.ts'
import type { Mailshot } from '../mailshot.ts'
import { noteRejects } from '../privacy/reject-files.ts'
import type { SystemSource } from '../sources/tables/source.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { importSent, importSuppressed } from './import-beside.ts'
import { describeImport, type ImportReport } from './import-report.ts'
import { actor } from './project.ts'
import type { openRejects } from './rejects.ts'
import { openRowBar } from './row-bar.ts'
import { stopSignal } from './signals.ts'
import { printable, type Terminal } from './terminal.ts'

export interface Asked extends WantedLists {
  terminal: Terminal
  source: SystemSource
  /** `shown`: as it was called. */
  rejects: (ReturnType<typeof openRejects> & { shown: string }) | undefined
  dryRun: boolean
  /** Whether what the system has sent is left out. */
  isWithoutHistory: boolean
}

/** Brings in people, and what else a system knows, and tells what came of it. */
export async function importPeople(mailshot: Mailshot, asked: Asked): Promise<ExitCode> {
  const { terminal, source, rejects } = asked
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing the slice in hand …'))
  const told = openTold(asked)
  rejects?.of(source)
  if (terminal.live && source.history) terminal.note(`Reading ${source.name} …`)
  try {
    const report = await importAll(mailshot, asked, { signal, told })
    told.print()
    if (terminal.json) terminal.printJson(report)
    else terminal.print(describeImport(report))
    const faults = report.faultCount + report.suppressionFaultCount
    const isWhole = faults === 0 && !report.stopped && !report.history.stopped
    return isWhole ? exitCodes.done : exitCodes.failed
  } finally {
    await closeRejects(mailshot, asked)
    release()
  }
}

/** A dry run does all of it to one copy, in which each step finds what the one before has brought. */
async function importAll(
  mailshot: Mailshot,
  { terminal, source, dryRun, isWithoutHistory, lists, ...wanted }: Asked,
  { signal, told }: { signal: AbortSignal; told: Told },
): Promise<ImportReport> {
  const rehearsal = dryRun ? await openRehearsal(mailshot, wanted.closedLists) : undefined
  const { onFault, onNotice } = told
  const run = { ...wanted, actor: actor(), signal, rehearsal, onFault }
  try {
    const people = await withBar<ImportSummary>(terminal, (onProgress) =>
      importSubscribers(mailshot, source, { ...run, lists, dryRun, onNotice, onProgress }),
    )
    const { changed: suppressed, faultCount } = await importSuppressed(mailshot, source, run)
    const sent = isWithoutHistory ? {} : source
    const history = await withBar<HistorySummary>(terminal, (onProgress) =>
      importSent(mailshot, sent, { ...run, onProgress }),
    )
    return { ...people, suppressed, suppressionFaultCount: faultCount, history }
  } finally {
    await rehearsal?.close()
  }
}

type OnProgress = (progress: { read: number; total: number | undefined }) => void

async function withBar<Result>(
  terminal: Terminal,
  run: (onProgress: OnProgress) => Promise<Result>,
): Promise<Result> {
  const bar = openRowBar(terminal)
  try {
    return await run(({ read, total }) => bar.update(read, total))
  } finally {
    bar.stop()
  }
}

interface Told {
  onFault(fault: ImportFault): void
  onNotice(notice: string): void
  print(): void
}

/** Of faults and notices on the terminal. */
const mostTold = 100

/** They are told below the bar. */
function openTold({ terminal, source: { name }, rejects }: Asked): Told {
  const told: string[] = []
  let faults = 0
  return {
    onFault(fault) {
      rejects?.add(fault)
      faults += 1
      if (faults <= mostTold) told.push(`${name}:${fault.line}: ${fault.cause}`)
    },
    onNotice: (notice) => told.push(`${name}: ${notice}`),
    print() {
      for (const line of told) terminal.warn(printable(line))
      if (faults > mostTold) {
        terminal.warn(`… and ${faults - mostTold} more; --rejects FILE keeps them all`)
      }
    },
  }
}

async function closeRejects(mailshot: Mailshot, { rejects, terminal }: Asked): Promise<void> {
  const rows = rejects?.close() ?? 0
  if (!rejects || rows === 0) return
  await noteRejects(mailshot, rejects.path, { rows, actor: actor() })
  const days = mailshot.config.privacy.keepRejectsDays
  const kept = days === false ? '' : `, kept for ${count(days, 'day')} (privacy.keepRejectsDays)`
  terminal.note(`${count(rows, 'rejected row')} in ${rejects.shown}${kept}`)
}
