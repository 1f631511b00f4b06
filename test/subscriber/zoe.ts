import { sql } from 'drizzle-orm/sql'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import type { LetterKind } from '../../integrations/mailshot/letter.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import {
  findPerson,
  subscribe,
  type SubscribeRequest,
} from '../../integrations/mailshot/subscriber.ts'
import { freshLink } from '../../integrations/mailshot/subscriber/own-link.ts'
import { findSubscriber, listConsents } from '../../integrations/mailshot/subscriber/read.ts'
import { findSuppression } from '../../integrations/mailshot/suppression.ts'

/** What Zoé asks for, the one person of these tests. */
export const form = {
  source: 'form',
  form: '/newsletter',
  wording: 'Je veux la lettre',
  ip: '192.0.2.1',
}
export const ask: SubscribeRequest = {
  email: 'Zoe@Example.org',
  name: 'Zoé',
  lang: 'fr',
  lists: ['weekly', 'product'],
  attributes: { city: 'Aix' },
  consent: { ...form, source: 'form' },
}

/** All that is known of Zoé. */
export async function recordOf(mailshot: Mailshot) {
  const person = await findSubscriber(mailshot, ask.email)
  return (
    person && {
      ...person,
      consents: await listConsents(mailshot, person.id),
      suppression: await findSuppression(mailshot, ask.email),
      history: await findAudit(mailshot, `subscriber:${person.id}`, 'address:zoe@example.org'),
    }
  )
}

export async function asked(mailshot: Mailshot): Promise<{ subscriberId: number }> {
  await subscribe(mailshot, ask)
  const person = await recordOf(mailshot)
  return { subscriberId: person?.id ?? 0 }
}

export async function active(mailshot: Mailshot): Promise<number> {
  await subscribe(mailshot, { ...ask, confirmed: true })
  return (await asked(mailshot)).subscriberId
}

export async function placesOf(mailshot: Mailshot): Promise<Record<string, string>> {
  const { subscriptions = [] } = (await recordOf(mailshot)) ?? {}
  return Object.fromEntries(subscriptions.map(({ list, status }) => [list, status]))
}

export interface Letter {
  email: string
  lang: string
  values: Record<string, string>
}

export async function lettersOf(mailshot: Mailshot, kind: LetterKind): Promise<Letter[]> {
  const rows = await mailshot.db.all<Letter & { values: string }>(
    sql`SELECT email, lang, "values" FROM letters WHERE kind = ${kind} ORDER BY id`,
  )
  return rows.map((row) => ({ ...row, values: JSON.parse(row.values) }))
}

/** The path of the page that a link opens which was asked for just now. */
export async function freshPath(mailshot: Mailshot, id: number): Promise<string> {
  const person = await findPerson(mailshot, id)
  if (!person) throw new Error(`there is no person ${id}`)
  const { url } = freshLink(mailshot.config, person, mailshot.now())
  return url.replace('https://example.org/mailshot/', '')
}

export async function confirmationToken(mailshot: Mailshot): Promise<string> {
  const letters = await lettersOf(mailshot, 'confirmation')
  return letters.at(-1)?.values['url']?.split('/').at(-1) ?? ''
}
