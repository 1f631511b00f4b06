import type { LaneState } from '../pace/state.ts'
import type { Fallback } from './options.ts'

/**
 * Whether the fallback carries a transport's mails: it has rested for longer than it may, or is known to. It lasts until the transport
 * has taken a mail again.
 */
export function isDiverted(
  fallback: Fallback | undefined,
  { faults, faultsFrom, parkedUntil }: Pick<LaneState, 'faults' | 'faultsFrom' | 'parkedUntil'>,
  now: number,
): fallback is Fallback {
  if (!fallback || faults === 0) return false
  return Math.max(now, parkedUntil) - faultsFrom >= fallback.afterMs
}
