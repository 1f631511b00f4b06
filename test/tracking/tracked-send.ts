import { sql } from 'drizzle-orm/sql'
import { readSnapshot } from '../../integrations/mailshot/send/media.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import {
  agreeStatements,
  withdrawStatements,
} from '../../integrations/mailshot/tracking/consent.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'

const body = '[one](https://one.example/?a=1&b=2) [two](https://two.example/ü) {{ email }}'

/**
 * A send to two readers that counts opens and clicks: the addresses in the mail of reader2, and, where the first agrees to be
 * counted by name, those in the mail of reader1.
 */
export async function trackedSend({ agreeing = false } = {}) {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport, tracking: { individual: true } })
  await addReaders(mailshot, 2)
  if (agreeing) await agree(mailshot, true)
  const files = { 'june.md': markdown(body, 'track: { opens: true, clicks: true }') }
  const { id: sendId, snapshot } = await sendCampaign(mailshot, files)
  const mailTo = (email: string) =>
    transport.messages.find(({ to }) => to.address.toLowerCase() === email)?.html ?? ''
  const mail = mailTo('reader2@example.net')
  return {
    mailshot,
    transport,
    sendId,
    mail,
    named: addressesIn(mailTo('reader1@example.net')),
    campaign: await readSnapshot(mailshot, snapshot),
    ...addressesIn(mail),
  }
}

/** The pixel's address, and the links' in the order of the campaign's. */
export function addressesIn(html: string): { open: string; clicks: string[] } {
  const [open = ''] = html.match(/https:\/\/example\.org\/mailshot\/open\/[\w-]+/) ?? []
  const clicks = html.match(/https:\/\/example\.org\/mailshot\/click\/[\w-]+/g) ?? []
  return { open, clicks: [...new Set(clicks)] }
}

/** Lets reader1 agree to be counted by name, or not any more. */
export async function agree(mailshot: TestMailshot, isAgreed: boolean): Promise<void> {
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM subscribers WHERE email = 'reader1@example.net'`,
  )
  const subscriberId = row?.id ?? 0
  const consent = { wording: 'By name', form: 'preferences' }
  await mailshot.db.write(
    ...(isAgreed
      ? agreeStatements(mailshot, { subscriberId, lang: 'fr', consent })
      : withdrawStatements(mailshot, { subscriberId })),
  )
}

/** The place of reader1 in the send. */
export async function person(mailshot: TestMailshot): Promise<{ id: number; email: string }> {
  const email = 'reader1@example.net'
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM recipients WHERE email = ${email}`,
  )
  return { id: row?.id ?? 0, email }
}
