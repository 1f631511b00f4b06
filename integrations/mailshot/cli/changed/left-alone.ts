import type { ShownSend } from '../../send/json.ts'
import { fetchAll } from './history.ts'
import type { OtherStep, Situation, Step } from './step.ts'

/** Why a campaign was not sent that was sent before with other content. */
export function sentBefore(slug: string): string {
  return `was sent already, and is not sent again; to bring this version to those who have none: ${again({ slug })}`
}

/** What a newer commit has changed is for the job of that one. */
export function unlessOutdated<S extends Step>(step: S, { newer }: Situation): S | OtherStep {
  if (newer === undefined || step.do === 'nothing') return step
  const where = `${newer.commit.slice(0, 12)}, ${newer.branch}`
  const reason = `a newer commit (${where}) says otherwise; what that one says is for its own job`
  return { do: 'nothing', action: 'skipped', reason }
}

/** Resuming it would mail what its file no longer says, so this is no success. */
export function held(send: ShownSend): OtherStep {
  const cure = `to plan this one: mailshot cancel ${send.id}, and run this again`
  const reason = `its planned send is ${stateOf(send)}, with the content and the date it had; ${cure}`
  return { do: 'fail', reason, send }
}

export function underWay(send: ShownSend): OtherStep {
  const cure = `to correct it: mailshot cancel ${send.id}, then ${again(send)}`
  return skipped(send, `its send is ${stateOf(send)}, with the content or lists it had; ${cure}`)
}

export function foreign(send: ShownSend): OtherStep {
  const cure = `if this is to hold all the same: mailshot cancel ${send.id}, and run this again`
  return skipped(send, `its latest send is of commit ${commitOf(send)}, which is newer; ${cure}`)
}

export function unfetched(send: ShownSend): OtherStep {
  const what = `its send is of commit ${commitOf(send)}, and whether that is older or newer is not known here`
  return { do: 'fail', reason: `${what}: ${fetchAll}`, send }
}

/** Somebody may have planned it by hand, from a commit that was squashed; or its date is gone with its commit. */
export function orphaned(send: ShownSend): OtherStep {
  const what = `its file does not say when to send it, but a send is planned, of commit ${commitOf(send)}, which is not here`
  return { do: 'fail', reason: `${what}; to end it: mailshot cancel ${send.id}`, send }
}

/** After history was rewritten the merge is still the approval. */
export function elsewhere(send: ShownSend): string {
  return `its send was of commit ${commitOf(send)}, which is not in this history: what was merged holds`
}

function commitOf({ gitCommit }: ShownSend): string {
  return gitCommit?.slice(0, 12) ?? ''
}

export function existing(send: ShownSend, reason: string): OtherStep {
  return { do: 'nothing', action: 'existing', reason, send }
}

export function skipped(send: ShownSend, reason: string): OtherStep {
  return { do: 'nothing', action: 'skipped', reason, send }
}

export function stateOf({ status, reason }: ShownSend): string {
  return reason === null ? status : `${status} (${reason})`
}

export function again({ slug }: { slug: string }): string {
  return `mailshot send ${slug} --again`
}
