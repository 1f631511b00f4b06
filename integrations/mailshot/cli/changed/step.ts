import type { SendTime } from '../../campaign.ts'
import type { CompiledCampaign } from '../../compile.ts'
import { snapshotHash } from '../../compile/content-hash.ts'
import type { ShownSend } from '../../send/json.ts'
import { isSameSelection, selectionOf } from '../../send/selection.ts'
import { formatDuration } from '../format.ts'
import type { Standing, Tip } from './history.ts'
import {
  again,
  elsewhere,
  existing,
  foreign,
  held,
  sentBefore,
  skipped,
  stateOf,
  underWay,
  unfetched,
  unlessOutdated,
} from './left-alone.ts'

/** What is to be done for a campaign that has changed. */
export type Step = StartStep | OtherStep
export interface StartStep {
  do: 'start'
  /** What has not started, and is cancelled for it. */
  replaces?: ShownSend
  /** What is to be said of that. */
  note?: string
}
export type OtherStep =
  | { do: 'cancel'; send: ShownSend; reason: string }
  | { do: 'nothing'; action: 'existing' | 'skipped'; reason: string; send?: ShownSend }
  | { do: 'fail'; reason: string; send?: ShownSend }

/** What is known when a step is chosen. */
export interface Situation {
  /** The sends of the campaign to its lists, newest first. */
  sends: readonly ShownSend[]
  /** When its file said that it is to be sent, before the commits. */
  sendBefore: SendTime | undefined
  now: number
  lateAfterMs: number
  /** Whether a send was made before these commits: they cannot have asked for it. */
  isEarlier: (send: ShownSend) => boolean
  /** How the commit of a send stands to these. */
  standing: (send: ShownSend) => Standing
  /** When the file said that it is to be sent, in the commit of a send, which is known here. */
  sendTimeIn: (send: ShownSend) => SendTime | undefined
  /** Where the branch has got to, if the campaign has changed on it since: this is an old job, or a late one. */
  newer: Tip | undefined
}

/** The step for a campaign that is to be sent by itself: at its date, or now. */
export function stepFor(compiled: CompiledCampaign, situation: Situation): Step {
  const [latest] = situation.sends
  const step = latest
    ? startAfter(latest, stepAfter(latest, compiled, situation), situation)
    : startOf(compiled, situation)
  return unlessOutdated(step, situation)
}

/** A start beside or in the place of the latest send, unless that may be of a newer commit. */
function startAfter(latest: ShownSend, step: Step, { standing }: Situation): Step {
  if (step.do !== 'start') return step
  switch (standing(latest)) {
    case 'within':
      return step
    case 'newer':
      return foreign(latest)
    case 'unfetched':
      return unfetched(latest)
    case 'diverged':
    case 'unknown':
      return { ...step, note: elsewhere(latest) }
  }
}

function stepAfter(latest: ShownSend, compiled: CompiledCampaign, situation: Situation): Step {
  const isSame = isSameMailing(latest, compiled) && latest.lists.join() === compiled.lists.join()
  const isAskedAnew = JSON.stringify(compiled.send) !== JSON.stringify(situation.sendBefore)
  const isInTime = isPlannedFor(latest, compiled.send, { ...situation, isAskedAnew })
  switch (latest.status) {
    case 'scheduled':
      // What the archive shows of it is frozen too.
      const isSameEnd = latest.until === (compiled.until ?? null)
      if (isSame && isInTime && isSameEnd && latest.snapshot === snapshotHash(compiled)) {
        return existing(latest, 'it was planned before')
      }
      return startOf(compiled, situation, latest)
    case 'preparing':
    case 'running':
    case 'paused': {
      const isHeld = latest.startedAt === null
      if (isSame && (isInTime || !isHeld)) return existing(latest, `its send is ${stateOf(latest)}`)
      return isHeld ? held(latest) : underWay(latest)
    }
    case 'done':
      return isSame ? existing(latest, 'it was sent before') : startOf(compiled, situation)
    case 'cancelled': {
      if (!isSame) return startOf(compiled, situation)
      const isNew = isAskedAnew && latest.startedAt === null
      if (isNew && situation.isEarlier(latest)) return startOf(compiled, situation, latest)
      if (isNew && situation.standing(latest) === 'unfetched') return unfetched(latest)
      return existing(latest, `its send was cancelled; to start it all the same: ${again(latest)}`)
    }
  }
}

function startOf(compiled: CompiledCampaign, situation: Situation, replaces?: ShownSend): Step {
  const { sends, now, lateAfterMs } = situation
  const at = typeof compiled.send === 'object' ? compiled.send.at : now
  if (at < now - lateAfterMs) {
    const cure = 'write a later one, or send: on-merge, into its file'
    return { do: 'fail', reason: `its date passed ${formatDuration(now - at)} ago; ${cure}` }
  }
  if (replaces) return { do: 'start', replaces }
  const mailed = sends.find(({ sent, uncertain, failed }) => sent + uncertain + failed > 0)
  return mailed && !isSameMailing(mailed, compiled)
    ? skipped(mailed, sentBefore(compiled.slug))
    : { do: 'start' }
}

/** Whether a send is planned for the time that its file says. */
function isPlannedFor(
  { createdAt, scheduledAt, localTime }: ShownSend,
  send: SendTime,
  { now, isAskedAnew }: { now: number; isAskedAnew: boolean },
): boolean {
  // Its own times are of the site's clock, which may be ahead of this one.
  if (typeof send !== 'object') return scheduledAt <= Math.max(now, createdAt) || !isAskedAnew
  if (send.local !== undefined || localTime !== null) return localTime === (send.local ?? null)
  return scheduledAt === send.at || Math.max(scheduledAt, send.at) <= now
}

/** The order of the lists makes no other mailing. */
function isSameMailing(send: ShownSend, compiled: CompiledCampaign): boolean {
  return send.contentHash === compiled.hash && isSameSelection(send, selectionOf(compiled))
}
