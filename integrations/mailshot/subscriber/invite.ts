import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { ParsedAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { inSameTime } from '../same-time.ts'
import { subscribe } from '../subscriber.ts'
import { findSuppression } from '../suppression.ts'
import { passNumberStatement } from './numbers.ts'
import { findLists, type Person } from './person.ts'
import { findSubscriber } from './read.ts'

export interface InviteRequest {
  /** By the link of their own mails. */
  inviter: Person
  guests: readonly ParsedAddress[]
  lists: readonly string[]
  lang: string
  /** What the guests read who say yes. From where the inviter wrote is not kept with them, who have not asked. */
  wording: string
}

export type Invited =
  /** Whatever is known of the guests: those of whom nothing is get one mail. */
  | { status: 'invited' }
  /** So many more may be invited today. */
  | { status: 'too-many'; left: number }
  /** No list that the inviter gets, and anybody may get. */
  | { status: 'no-list' }

/**
 * Asks people for a reader who gets the lists already. A guest is mailed only where nothing at all is known of the address: nobody who
 * left, was asked before or gets nothing is asked again. The mail names the reader by the address that they proved to have, and
 * says nothing that they chose; the guest's click alone makes a subscription.
 */
export async function invite(mailshot: Mailshot, request: InviteRequest): Promise<Invited> {
  const { inviter, guests } = request
  const lists = (await invitingLists(mailshot, inviter)).filter((list) =>
    request.lists.includes(list),
  )
  if (lists.length === 0) return { status: 'no-list' }
  const unlike = new Map(guests.map((guest) => [guest.identity, guest]))
  return inSameTime(mailshot, async () => {
    if (!(await takePlaces(mailshot, inviter, { lists, guests: unlike.size }))) {
      return { status: 'too-many', left: await invitationsLeft(mailshot, inviter) }
    }
    for (const guest of unlike.values()) await inviteOne(mailshot, guest, { ...request, lists })
    return { status: 'invited' }
  })
}

/** Notes it before anybody is asked, in one statement: whoever sends the form twice at once is counted twice. */
async function takePlaces(
  mailshot: Mailshot,
  { id }: Person,
  detail: { lists: string[]; guests: number },
): Promise<boolean> {
  const most = mailshot.config.signUp.invitations
  const line = auditStatement(mailshot, {
    actor: `subscriber:${id}`,
    action: 'invite',
    subject: `subscriber:${id}`,
    detail,
    when: sql`(${invitedSince(id, mailshot.now() - day)}) + ${detail.guests} <= ${most}`,
  })
  const [rows = []] = await mailshot.db.write(sql`${line} RETURNING id`)
  return rows.length > 0
}

/** The lists that a reader may invite to: those they get that anybody may sign up to. */
export async function invitingLists(mailshot: Mailshot, { id }: Person): Promise<string[]> {
  const { lists } = mailshot.config
  const active = await findLists(mailshot, id, { status: 'active' })
  return Object.keys(lists).filter((list) => active.includes(list) && lists[list]?.public === true)
}

/** How many people this reader may still invite today. */
export async function invitationsLeft(mailshot: Mailshot, { id }: Person): Promise<number> {
  const row = await mailshot.db.get<{ guests: number }>(
    sql`SELECT (${invitedSince(id, mailshot.now() - day)}) AS guests`,
  )
  return Math.max(0, mailshot.config.signUp.invitations - (row?.guests ?? 0))
}

function invitedSince(id: number, time: number): SQL {
  return sql`SELECT ifnull(sum(detail ->> 'guests'), 0) FROM audit
    WHERE subject = ${`subscriber:${id}`} AND action = 'invite' AND at > ${time}`
}

async function inviteOne(
  mailshot: Mailshot,
  guest: ParsedAddress,
  { inviter, lists, lang, wording }: InviteRequest,
): Promise<void> {
  const isKnown =
    (await findSubscriber(mailshot, guest.identity)) ??
    (await findSuppression(mailshot, guest.identity))
  if (isKnown) {
    await mailshot.db.write(passNumberStatement('subscribers'), passNumberStatement('letters'))
    return
  }
  await subscribe(mailshot, {
    email: guest.written,
    lang,
    lists: [...lists],
    confirmation: 'always',
    invitedBy: inviter.id,
    consent: { wording, source: 'form', form: 'invitation' },
  })
}
