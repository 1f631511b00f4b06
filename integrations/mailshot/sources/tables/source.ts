import type { HistorySource } from '../../import/history.ts'
import type { ImportEntry, ImportSource } from '../../import.ts'
import type { SuppressionSource } from '../../suppression/import.ts'
import type { TableSource } from '../tables.ts'
import { type Stage, type StageOptions, stageTables } from './stage.ts'

export interface StagedPlan extends StageOptions {
  /** Once all is read: indexes, and what else the rows need. */
  prepare: (stage: Stage) => void
  /** In the order of their lines. */
  entries: (stage: Stage) => Iterable<ImportEntry>
}

/**
 * People out of the tables of another system. The tables are read once, at the first row; rows that could not be read there are told
 * in their place.
 */
export function stagedSource(tables: TableSource, plan: StagedPlan): StagedSource {
  let staged: Promise<Stage> | undefined
  const open = async (): Promise<Stage> => {
    const stage = await stageTables(tables, plan)
    plan.prepare(stage)
    return stage
  }
  const stage = () => (staged ??= open())
  return {
    name: tables.name,
    rereadable: true,
    stage,
    async *[Symbol.asyncIterator]() {
      const { faults } = await stage()
      yield* inOrder(plan.entries(await stage()), faults)
    },
  }
}

/** A source that knows of another system more than its people. */
export interface SystemSource extends ImportSource {
  /** Addresses that get nothing, and are no row: those of which only a hash is known. To be imported before the rows. */
  readonly suppressions?: SuppressionSource
  /** What was sent; to be imported after the rows, so that recipients are known. */
  readonly history?: HistorySource
}

export interface StagedSource extends ImportSource {
  /** The tables themselves, for what else is read from them. */
  stage(): Promise<Stage>
}

function* inOrder(
  entries: Iterable<ImportEntry>,
  faults: readonly { line: number; cause: string }[],
): Generator<ImportEntry> {
  let told = 0
  for (const entry of entries) {
    if ('row' in entry) {
      for (; (faults[told]?.line ?? Infinity) < entry.line; told += 1) yield* faultAt(faults[told])
    }
    yield entry
  }
  for (; told < faults.length; told += 1) yield* faultAt(faults[told])
}

function* faultAt(fault: { line: number; cause: string } | undefined): Generator<ImportEntry> {
  if (fault) yield { fault: { line: fault.line, cause: fault.cause } }
}
