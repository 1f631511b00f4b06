import type { SendTime } from '../../campaign.ts'
import type { ShownSend } from '../../send/json.ts'
import {
  elsewhere,
  foreign,
  orphaned,
  skipped,
  stateOf,
  unfetched,
  unlessOutdated,
} from './left-alone.ts'
import type { OtherStep, Situation } from './step.ts'

/** The step for a campaign that is started by hand. */
export function manualStep(situation: Situation): OtherStep {
  return unlessOutdated(stepByHand(situation), situation)
}

/** The step for a campaign whose file is gone. */
export function deletedStep(situation: Situation): OtherStep {
  return unlessOutdated(withdrawal(situation, 'its file was deleted'), situation)
}

const manual = 'not sent (manual)'

function stepByHand(situation: Situation): OtherStep {
  const { sends, sendBefore, standing, sendTimeIn } = situation
  const [latest] = sends
  if (!latest || hasEnded(latest)) return { do: 'nothing', action: 'skipped', reason: manual }
  const isLeft = skipped(
    latest,
    `${manual}; its send is ${stateOf(latest)}, with the content it had`,
  )
  const reason = 'its file says no more when to send it'
  if (isAutomatic(sendBefore)) return withdrawal(situation, reason)
  if (latest.startedAt !== null) return isLeft
  switch (standing(latest)) {
    case 'within':
    case 'newer':
      return isLeft
    case 'diverged':
      return isAutomatic(sendTimeIn(latest)) ? withdrawal(situation, reason) : isLeft
    case 'unfetched':
      return unfetched(latest)
    case 'unknown':
      return orphaned(latest)
  }
}

/** The step for a campaign that is no longer to be sent: its file is gone, or says no more when. */
function withdrawal({ sends, standing }: Situation, reason: string): OtherStep {
  const [latest] = sends
  if (!latest || hasEnded(latest)) return { do: 'nothing', action: 'skipped', reason }
  const place = standing(latest)
  if (place === 'newer') return foreign(latest)
  if (latest.startedAt !== null) {
    const cure = `to end it: mailshot cancel ${latest.id}`
    return skipped(latest, `${reason}, but its send is ${latest.status} and goes on; ${cure}`)
  }
  if (place === 'unfetched') return unfetched(latest)
  const note = place === 'within' ? '' : `; ${elsewhere(latest)}`
  return { do: 'cancel', send: latest, reason: `${reason}${note}` }
}

function isAutomatic(send: SendTime | undefined): boolean {
  return send === 'on-merge' || typeof send === 'object'
}

function hasEnded({ status }: ShownSend): boolean {
  return status === 'done' || status === 'cancelled'
}
