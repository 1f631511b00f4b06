import { performance } from 'node:perf_hooks'
import type { Mailshot } from '../mailshot.ts'

/** How long the statements of a slice may block the event loop, since a database file is written where they are called. */
const blockingMs = 12
const smallest = 1_000
const largest = 20_000

const sizes = new WeakMap<Mailshot['config'], number>()

/** How many subscribers to look at in the next slice of a freeze. */
export function sliceSize({ config, db }: Mailshot): number {
  // A remote database blocks nobody here, and each slice costs a way there and back.
  if (!db.url.startsWith('file:')) return largest
  return sizes.get(config) ?? 2_500
}

/** Runs the write of a slice, and learns from the time that it takes how large the next one may be. */
export async function timeSlice(
  { config }: Mailshot,
  size: number,
  write: () => Promise<unknown>,
): Promise<void> {
  const before = performance.eventLoopUtilization()
  await write()
  // Waiting for others, or for the disk, blocks nobody; what else this process did meanwhile makes slices smaller, not larger.
  const { active } = performance.eventLoopUtilization(before)
  const factor = blockingMs / Math.max(0.1, active)
  const next = size * Math.min(2, Math.max(0.25, factor))
  sizes.set(config, Math.round(Math.min(largest, Math.max(smallest, next))))
}
