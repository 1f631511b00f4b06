import type { LaneState } from '../pace/state.ts'
import { type Note, notHandedOver } from './faults.ts'

/** Whose fault it is that the relay failed at a mail: the relay's as a whole, or, as it took others since, that mail's own. */
export type Blame = 'relay' | 'mail'

/** So many mails in a row at which it failed again, and nothing accepted in between, mean the relay. */
const mostInARow = 10

/**
 * Tells the relay's faults as a whole, which cost no recipient a try, from those that one mail causes each time: the relay has failed
 * at it before, has answered for others since, and fails at nobody else for the first time just now. Undefined of other outcomes,
 * and of what our own stop gives back.
 */
export function openBlame() {
  const blamed = new Set<number>()
  return (
    { answeredAt, faults }: LaneState,
    { notes, isStopping }: { notes: readonly Note[]; isStopping: boolean },
  ): ((note: Note) => Blame | undefined) => {
    const isFirst = ({ recipient }: Note) => !(answeredAt > (recipient.relayFaultAt ?? Infinity))
    const failed = isStopping ? [] : notes.filter(isRelayFault)
    if (notes.some(({ outcome }) => outcome.status === 'accepted')) blamed.clear()
    if (failed.length === 0) return () => undefined
    for (const { recipient } of failed) blamed.add(recipient.id)
    const isOfAll = faults > 0 || blamed.size > mostInARow || failed.some(isFirst)
    const blame = isOfAll ? 'relay' : 'mail'
    return (note) => (isRelayFault(note) ? blame : undefined)
  }
}

function isRelayFault({ outcome }: Note): boolean {
  return outcome.status === 'deferred' && outcome.scope === 'relay' && outcome !== notHandedOver
}
