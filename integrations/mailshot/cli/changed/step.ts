import type { SendTime } from '../../campaign.ts'
import type { CompiledCampaign } from '../../compile.ts'
import { snapshotHash } from '../../compile/content-hash.ts'
import type { ShownSend } from '../../send/json.ts'
import { formatDuration } from '../format.ts'

/** What is to be done for a campaign that has changed. */
export type Step = StartStep | OtherStep
export interface StartStep {
  do: 'start'
  /** What has not started, and is cancelled for it. */
  replaces?: ShownSend
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
  /** Whether a send was made later, or on another branch: this is an old job that is run again. */
  isForeign: (send: ShownSend) => boolean
}

/** The step for a campaign that is to be sent by itself: at its date, or now. */
export function stepFor(compiled: CompiledCampaign, situation: Situation): Step {
  const [latest] = situation.sends
  if (!latest) return startOf(compiled, situation)
  const step = stepAfter(latest, compiled, situation)
  return step.do === 'start' && situation.isForeign(latest) ? foreign(latest) : step
}

/** The step for a campaign that is started by hand. */
export function manualStep(situation: Situation): OtherStep {
  const { sends, sendBefore } = situation
  const wasPlanned = sendBefore === 'on-merge' || typeof sendBefore === 'object'
  const [latest] = sends
  if (!latest || hasEnded(latest)) return { do: 'nothing', action: 'skipped', reason: manual }
  if (wasPlanned) return withdrawal(situation, 'its file says no more when to send it')
  return skipped(latest, `${manual}; its send is ${stateOf(latest)}, with the content it had`)
}

/** The step for a campaign that is no longer to be sent: its file is gone, or says no more when. */
export function withdrawal({ sends, isForeign }: Situation, reason: string): OtherStep {
  const [latest] = sends
  if (!latest || hasEnded(latest)) return { do: 'nothing', action: 'skipped', reason }
  if (isForeign(latest)) return foreign(latest)
  if (latest.startedAt === null) return { do: 'cancel', send: latest, reason }
  const cure = `to end it: mailshot cancel ${latest.id}`
  return skipped(latest, `${reason}, but its send is ${latest.status} and goes on; ${cure}`)
}

/** Why a campaign was not sent that was sent before with other content. */
export function sentBefore(slug: string): string {
  return `was sent already, and is not sent again; to bring this version to those who have none: ${again({ slug })}`
}

const manual = 'not sent (manual)'

function stepAfter(latest: ShownSend, compiled: CompiledCampaign, situation: Situation): Step {
  const isSame =
    latest.contentHash === compiled.hash && latest.lists.join() === compiled.lists.join()
  const isAskedAnew = JSON.stringify(compiled.send) !== JSON.stringify(situation.sendBefore)
  const isInTime = isPlannedFor(latest, compiled.send, { ...situation, isAskedAnew })
  switch (latest.status) {
    case 'scheduled':
      // What the archive shows of it is frozen too.
      if (isSame && isInTime && latest.snapshot === snapshotHash(compiled)) {
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
      const isNew = isAskedAnew && latest.startedAt === null && situation.isEarlier(latest)
      if (isNew) return startOf(compiled, situation, latest)
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
  return mailed && mailed.contentHash !== compiled.hash
    ? skipped(mailed, sentBefore(compiled.slug))
    : { do: 'start' }
}

/** Whether a send is planned for the time that its file says. */
function isPlannedFor(
  { createdAt, scheduledAt }: ShownSend,
  send: SendTime,
  { now, isAskedAnew }: { now: number; isAskedAnew: boolean },
): boolean {
  // Its own times are of the site's clock, which may be ahead of this one.
  if (typeof send !== 'object') return scheduledAt <= Math.max(now, createdAt) || !isAskedAnew
  return scheduledAt === send.at || Math.max(scheduledAt, send.at) <= now
}

function hasEnded({ status }: ShownSend): boolean {
  return status === 'done' || status === 'cancelled'
}

/** Resuming it would mail what its file no longer says, so this is no success. */
function held(send: ShownSend): OtherStep {
  const cure = `to plan this one: mailshot cancel ${send.id}, and run this again`
  const reason = `its planned send is ${stateOf(send)}, with the content and the date it had; ${cure}`
  return { do: 'fail', reason, send }
}

function underWay(send: ShownSend): OtherStep {
  const cure = `to correct it: mailshot cancel ${send.id}, then ${again(send)}`
  return skipped(send, `its send is ${stateOf(send)}, with the content or lists it had; ${cure}`)
}

function foreign(send: ShownSend): OtherStep {
  const commit = send.gitCommit?.slice(0, 12) ?? ''
  const cure = `if this is to hold all the same: mailshot cancel ${send.id}, and run this again`
  return skipped(
    send,
    `its latest send is of commit ${commit}, which this one does not know; ${cure}`,
  )
}

function existing(send: ShownSend, reason: string): OtherStep {
  return { do: 'nothing', action: 'existing', reason, send }
}

function skipped(send: ShownSend, reason: string): OtherStep {
  return { do: 'nothing', action: 'skipped', reason, send }
}

function stateOf({ status, reason }: ShownSend): string {
  return reason === null ? status : `${status} (${reason})`
}

function again({ slug }: { slug: string }): string {
  return `mailshot send ${slug} --again`
}
