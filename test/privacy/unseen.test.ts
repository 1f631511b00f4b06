import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { findUnseen } from '../../integrations/mailshot/privacy/unseen.ts'
import { agreeStatements } from '../../integrations/mailshot/tracking/consent.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'
import { eventOf } from '../sent-mails.ts'

const day = 86_400_000

/** Readers 1 to 5, of whom 5 is not counted by name, mailed long after they came; 2 opens, 3 by a machine, 4 changed something. */
async function mailed(track: string) {
  const mailshot = await openTestMailshot({ tracking: { individual: true } })
  await addReaders(mailshot, 5)
  const agreed = { lang: 'fr', consent: {} }
  const agree = (subscriberId: number) => agreeStatements(mailshot, { subscriberId, ...agreed })
  await mailshot.db.write(...[1, 2, 3, 4].flatMap(agree))
  mailshot.clock.advance(400 * day)
  const { id } = await sendCampaign(mailshot, { 'june.md': markdown('June', track) })
  await recordEvents(mailshot, 'relay', [
    eventOf({ type: 'opened', at: mailshot.now(), ourId: `${id}.2` }),
    eventOf({ type: 'opened', at: mailshot.now(), ourId: `${id}.3`, isMachine: true }),
  ])
  await mailshot.db.write(
    sql`UPDATE subscribers SET updated_at = ${mailshot.now()} WHERE id = 4`,
    sql`UPDATE recipients SET status = 'sent'`,
  )
  return mailshot
}

describe('findUnseen', () => {
  it('finds who was mailed and did nothing, of those who are counted by name', async () => {
    const mailshot = await mailed('track: { opens: true }')
    expect(await findUnseen(mailshot, { months: 6, lists: ['weekly'] })).toEqual({
      readers: [
        {
          id: 1,
          email: 'Reader1@example.net',
          lists: ['weekly'],
          mails: 1,
          lastMailAt: expect.any(Number),
        },
        {
          id: 3,
          email: 'Reader3@example.net',
          lists: ['weekly'],
          mails: 1,
          lastMailAt: expect.any(Number),
        },
      ],
      judged: 4,
      unknown: 1,
    })
    expect((await findUnseen(mailshot, { months: 6, lists: ['product'] })).readers).toEqual([])
  })

  it('judges nobody by mails whose opens and clicks are not counted, or who came only lately', async () => {
    const mailshot = await mailed('track: { opens: false }')
    expect((await findUnseen(mailshot, { months: 6 })).readers).toEqual([])
    expect(await findUnseen(mailshot, { months: 24 })).toEqual({
      readers: [],
      judged: 0,
      unknown: 0,
    })
  })
})
