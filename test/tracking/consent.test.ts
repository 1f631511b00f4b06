import { type SQL, sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, testSecret } from '../open-test-mailshot.ts'
import { pageOf, get, post } from '../pages/visit.ts'
import { eventOf, sendCounts, sentTo } from '../sent-mails.ts'
import { active } from '../subscriber/zoe.ts'
import { agree } from './tracked-send.ts'

async function openPage(individual: boolean) {
  const mailshot = await openTestMailshot({ tracking: { individual } })
  const subscriberId = await active(mailshot)
  const token = signToken([testSecret], 'preferences', [subscriberId])
  const show = () => preferencesPage(mailshot, get(`preferences/${token}`), token)
  const save = (fields: Record<string, string>) =>
    preferencesPage(mailshot, post(`preferences/${token}`, { do: 'save', ...fields }), token)
  const consents = () =>
    mailshot.db.all(
      sql`SELECT form, (SELECT text FROM wordings WHERE hash = wording) AS wording, at FROM consents WHERE list_id = ''`,
    )
  return { mailshot, show, save, consents }
}

describe('preferencesPage, about being counted by name', () => {
  it('does not ask where the site does not', async () => {
    const { show, save, consents } = await openPage(false)
    expect(pageOf(await show()).view).toMatchObject({ tracking: undefined })
    await save({ 'shown-tracking': '1', tracking: '1' })
    expect(await consents()).toEqual([])
  })

  it('records the consent with its words and time, and takes it back', async () => {
    const { mailshot, show, save, consents } = await openPage(true)
    expect(pageOf(await show()).view).toMatchObject({ tracking: { isAgreed: false } })
    await save({ 'shown-tracking': '1', tracking: '1' })
    expect(pageOf(await show()).view).toMatchObject({ tracking: { isAgreed: true } })
    expect(await consents()).toEqual([
      {
        form: 'preferences',
        wording: expect.stringContaining('noter à mon nom'),
        at: mailshot.now(),
      },
    ])
    await save({ name: 'Zoé' })
    expect(pageOf(await show()).view).toMatchObject({ tracking: { isAgreed: true } })
    await save({ 'shown-tracking': '1' })
    expect(pageOf(await show()).view).toMatchObject({ tracking: { isAgreed: false } })
    expect(await consents()).toHaveLength(1)
    const audit = await mailshot.db.all(
      sql`SELECT action FROM audit WHERE action LIKE '%tracking' ORDER BY id`,
    )
    expect(audit).toEqual([{ action: 'agree-to-tracking' }, { action: 'withdraw-tracking' }])
  })
})

describe('what a provider reports of opens and clicks', () => {
  const facts = { email: null, recipient_id: null, message_id: null, raw: '{}' }

  it('is kept without the name of those who have not agreed, and counted', async () => {
    const { mailshot, mails } = await sentTo(2, { tracking: { individual: true } })
    await agree(mailshot, true)
    const report = (messageId: string, email: string) =>
      eventOf({ type: 'opened', messageId, recipient: email, raw: { email } })
    await recordEvents(
      mailshot,
      'mailjet',
      mails.map(({ messageId, email }) => report(messageId, email)),
    )
    const rows = await mailshot.db.all(sql`SELECT * FROM events ORDER BY id`)
    expect(rows).toMatchObject([{ email: 'reader1@example.net', recipient_id: mails[0].id }, facts])
    expect(await sendCounts(mailshot, 'events')).toEqual({ opened: 2 })
    expect(await sendCounts(mailshot, 'people')).toEqual({ opened: 1 })
  })

  it('loses the name when the consent is withdrawn, and stays counted', async () => {
    const { mailshot, mails } = await sentTo(1, { tracking: { individual: true } })
    await agree(mailshot, true)
    const about = { ourId: mails[0].ourId, recipient: mails[0].email, raw: { a: 1 } }
    await recordEvents(mailshot, 'mailjet', [
      eventOf({ type: 'clicked', url: 'https://a.example/', ...about }),
      eventOf({ type: 'bounced', class: 'soft', ...about }),
    ])
    await agree(mailshot, false)
    const rows = await mailshot.db.all(sql`SELECT * FROM events ORDER BY id`)
    expect(rows).toMatchObject([facts, { email: 'reader1@example.net' }])
    expect(await sendCounts(mailshot, 'link')).toEqual({ 'https://a.example/': 1 })
  })

  it('loses the name too where the consent is withdrawn in the moment of the writing', async () => {
    const { mailshot, mails } = await sentTo(1, { tracking: { individual: true } })
    await agree(mailshot, true)
    const { db } = mailshot
    async function write<Row>(...statements: SQL[]): Promise<Row[][]> {
      await agree(mailshot, false)
      return db.write<Row>(...statements)
    }
    const open = eventOf({ type: 'opened', ourId: mails[0].ourId, raw: { a: 1 } })
    await recordEvents({ ...mailshot, db: { ...db, write } }, 'mailjet', [open])
    expect(await mailshot.db.all(sql`SELECT * FROM events`)).toMatchObject([facts])
    expect(await sendCounts(mailshot, 'events')).toEqual({ opened: 1 })
  })

  it('is set apart where the provider names a machine, or who it says it was is one', async () => {
    const { mailshot, mails } = await sentTo(1)
    const open = { type: 'opened', ourId: mails[0].ourId } as const
    await recordEvents(mailshot, 'sparkpost', [
      eventOf({ ...open, at: 1, isMachine: true }),
      eventOf({ ...open, at: 2, userAgent: 'Mozilla/5.0', ip: '203.0.113.9' }),
      eventOf({ ...open, at: 3, userAgent: 'Thunderbird', ip: '17.58.1.2' }),
      eventOf({ ...open, at: 4, userAgent: 'Thunderbird', ip: 'unknown' }),
      eventOf({ ...open, at: 5 }),
    ])
    expect(await sendCounts(mailshot, 'events')).toEqual({ 'opened:machine': 3, opened: 2 })
  })

  it('still settles who was uncertain', async () => {
    const { mailshot, mails } = await sentTo(1)
    await mailshot.db.write(sql`UPDATE recipients SET status = 'uncertain'`)
    await recordEvents(mailshot, 'mailjet', [eventOf({ type: 'opened', ourId: mails[0].ourId })])
    expect(await mailshot.db.all(sql`SELECT status FROM recipients`)).toEqual([{ status: 'sent' }])
  })
})
