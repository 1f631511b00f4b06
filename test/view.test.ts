import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { type TokenPurpose, signToken } from '../integrations/mailshot/token.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { mailResponse, viewMail } from '../integrations/mailshot/view.ts'
import { markdown } from './campaign-folder.ts'
import { openTestMailshot, testSecret } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendCampaign } from './sent-campaign.ts'

describe('viewMail', () => {
  it('shows the very mail that its reader got, links and all', async () => {
    const { view, transport, tokens } = await withMails()
    const [first, second] = transport.messages.filter(({ campaign }) => campaign === 'a')
    expect(await view(tokens[0])).toEqual({ kind: 'mail', html: first?.html })
    expect(await view(tokens[1])).toEqual({ kind: 'mail', html: second?.html })
    expect(first?.html).not.toBe(second?.html)
    expect(first?.html).toContain(`/mailshot/view/${tokens[0]}"`)
  })

  it('fills in what the subscriber’s fields hold now', async () => {
    const { mailshot, view, tokens } = await withMails()
    await mailshot.db.write(sql`UPDATE subscribers SET name = 'Zoé <b>' WHERE id = 1`)
    const shown = await view(tokens[0])
    expect(shown).toMatchObject({ html: expect.stringContaining('Bonjour Zoé &lt;b&gt; !') })
  })

  it('still knows the reader’s lists when they have left them', async () => {
    const { mailshot, view, tokens } = await withMails()
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'unsubscribed'`)
    expect(await view(tokens[0])).toMatchObject({ html: expect.stringContaining('Hebdo') })
  })

  it('changes nothing', async () => {
    const { mailshot, view, tokens } = await withMails()
    const changes = () => mailshot.db.get(sql`SELECT total_changes() AS count`)
    const before = await changes()
    await view(tokens[0])
    expect(await changes()).toEqual(before)
  })

  it('says in the reader’s language what to do with a link that is cut, forged or another’s', async () => {
    const { view, tokens } = await withMails()
    const [token = ''] = tokens
    const sign = (purpose: TokenPurpose, secret = testSecret) => signToken([secret], purpose, [1])
    const other = 'another-secret-of-at-least-32-characters'
    const wrong = ['', token.slice(0, -3), `A${token}`, sign('unsubscribe'), sign('view', other)]
    const views = await Promise.all(wrong.map((one) => view(one, 'en-GB,en;q=0.9')))
    const notice = expect.objectContaining({ heading: 'This link does not work' })
    expect(views).toEqual(wrong.map(() => ({ kind: 'notice', status: 404, lang: 'en', notice })))
    expect(await view('x', 'fr')).toMatchObject({ lang: 'fr' })
  })

  it('explains the link of a test mail', async () => {
    const { view } = await withMails()
    const shown = await view(signToken([testSecret], 'view', [0]))
    expect(shown).toMatchObject({
      kind: 'notice',
      status: 200,
      notice: { heading: 'C’était un message d’essai' },
    })
  })

  it('shows no mail of somebody who was erased, or of a recipient that is not there', async () => {
    const { mailshot, view, tokens } = await withMails()
    await mailshot.db.write(
      sql`DELETE FROM subscriptions WHERE subscriber_id = 1`,
      sql`DELETE FROM subscribers WHERE id = 1`,
    )
    const gone = {
      kind: 'notice',
      status: 410,
      notice: { heading: 'Ce message n’est plus conservé' },
    }
    expect(await view(tokens[0])).toMatchObject(gone)
    expect(await view(signToken([testSecret], 'view', [99]))).toMatchObject(gone)
    expect(await view(tokens[1])).toMatchObject({ kind: 'mail' })
  })
})

describe('mailResponse', () => {
  it('lets a mail show itself and open links, and nothing else', async () => {
    const response = mailResponse('<p>Bonjour</p>')
    expect(await response.text()).toBe('<p>Bonjour</p>')
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; form-action 'none'; " +
        "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex',
    })
  })
})

/** A campaign mailed to two people, and the tokens of their "view in browser" links. */
async function withMails() {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 2)
  const send = await sendCampaign(mailshot, {
    'a.md': markdown('Bonjour {{ nom | default: "x" }} !'),
  })
  const recipients = await listRecipients(mailshot, { sendId: send.id })
  const tokens = recipients.map(({ id }) => signToken([testSecret], 'view', [id]))
  const view = (token = '', language = 'fr') => {
    const headers = { 'accept-language': language }
    return viewMail(
      mailshot,
      token,
      new Request('https://example.org/mailshot/view/x', { headers }),
    )
  }
  return { mailshot, transport, tokens, view }
}
