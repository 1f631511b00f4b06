import type { HistorySummary } from '../import/history.ts'
import type { ImportSummary } from '../import.ts'
import { count } from './format.ts'

export type ImportReport = ImportSummary & {
  /** Addresses that are nobody's, suppressed now. */
  suppressed: number
  /** Of these: what is none. */
  suppressionFaultCount: number
  history: HistorySummary
}

/** What came of an import, or would, for people. */
export function describeImport(report: ImportReport): string {
  const { suppressed, suppressionFaultCount, history, dryRun } = report
  return [
    `${count(report.read, 'row')}: ${partsOf(report)}`,
    ...(dryRun ? listLines(report) : []),
    ...(suppressed + suppressionFaultCount > 0
      ? [`suppressed: ${suppressedText(suppressed, suppressionFaultCount)}`]
      : []),
    ...(history.sends + history.recipients > 0
      ? [`history: ${count(history.sends, 'send')}, ${count(history.recipients, 'recipient')}`]
      : []),
    ...(report.stopped || history.stopped ? ['stopped; run it again to go on'] : []),
    ...(dryRun ? ['This is what would come of it; nothing was written.'] : []),
  ].join('\n')
}

function suppressedText(changed: number, faults: number): string {
  const told = count(changed, 'more address', 'more addresses')
  return faults === 0 ? told : `${told}, ${faults} could not be read`
}

function partsOf({ created, updated, unchanged, skipped, faultCount }: ImportReport): string {
  const told = counted([
    [created, 'new'],
    [updated, 'updated'],
    [unchanged, 'unchanged'],
    [skipped.suppressed, 'suppressed'],
    [skipped.unsubscribed, 'had left'],
    [skipped.lists, 'on no list that is wanted'],
    [faultCount, 'could not be read'],
  ])
  return told || 'nothing to do'
}

function listLines({ lists }: ImportReport): string[] {
  return Object.entries(lists).map(([list, { active, pending, unsubscribed, left }]) => {
    const told = counted([
      [active, 'active'],
      [pending, 'pending'],
      [unsubscribed, 'unsubscribed'],
      [left, 'had left and would stay away'],
    ])
    return `  ${list}: ${told}`
  })
}

function counted(parts: [number, string][]): string {
  const told = parts.filter(([number]) => number > 0)
  return told.map(([number, what]) => count(number, what, what)).join(', ')
}
