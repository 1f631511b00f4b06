import type { ImportSummary } from '../import.ts'
import type { SliceCounts } from './slice.ts'

export const faultsKept = 100

export function emptySummary(dryRun: boolean): ImportSummary {
  return {
    read: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    skipped: { suppressed: 0, unsubscribed: 0, lists: 0 },
    lists: {},
    faultCount: 0,
    faults: [],
    notices: [],
    stopped: false,
    dryRun,
  }
}

export function addCounts(summary: ImportSummary, counts: SliceCounts): void {
  summary.created += counts.created
  summary.updated += counts.updated
  summary.unchanged += counts.unchanged
  summary.skipped.suppressed += counts.suppressed
  summary.skipped.unsubscribed += counts.unsubscribed
  for (const [list, of] of Object.entries(counts.lists)) {
    const before = summary.lists[list] ?? { active: 0, pending: 0, unsubscribed: 0, left: 0 }
    summary.lists[list] = {
      active: before.active + of.active,
      pending: before.pending + of.pending,
      unsubscribed: before.unsubscribed + of.unsubscribed,
      left: before.left + of.left,
    }
  }
}
