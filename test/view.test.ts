import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { type TokenPurpose, signToken } from '../integrations/mailshot/token.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { viewPage } from '../integrations/mailshot/view.ts'
import { markdown } from './campaign-folder.ts'
import { openTestMailshot, testSecret } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendCampaign } from './sent-campaign.ts'

describe('viewPage', () => {
  it('shows the very mail that its reader got, links and all', async () => {
    const { mail, transport, tokens } = await withMails()
    const [first, second] = transport.messages.filter(({ campaign }) => campaign === 'a')
    expect(await mail(tokens[0])).toBe(first?.html)
    expect(await mail(tokens[1])).toBe(second?.html)
    expect(first?.html).not.toBe(second?.html)
    expect(first?.html).toContain(`/mailshot/view/${tokens[0]}"`)
  })

  it('fills in what the subscriber’s fields hold now', async () => {
    const { mailshot, mail, tokens } = await withMails()
    await mailshot.db.write(sql`UPDATE subscribers SET name = 'Zoé <b>' WHERE id = 1`)
    expect(await mail(tokens[0])).toContain('Bonjour Zoé &lt;b&gt; !')
  })

  it('still knows the reader’s lists when they have left them', async () => {
    const { mailshot, mail, tokens } = await withMails()
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'unsubscribed'`)
    expect(await mail(tokens[0])).toContain('Hebdo')
  })

  it('changes nothing', async () => {
    const { mailshot, view, tokens } = await withMails()
    const changes = () => mailshot.db.get(sql`SELECT total_changes() AS count`)
    const before = await changes()
    await view(tokens[0])
    expect(await changes()).toEqual(before)
  })

  it('lets a mail show itself and open links, and nothing else', async () => {
    const { view, tokens } = await withMails()
    const shown = await view(tokens[0])
    expect(shown instanceof Response && Object.fromEntries(shown.headers)).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; form-action 'none'; " +
        "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex',
    })
  })

  it('says in the reader’s language what to do with a link that is cut, forged or another’s', async () => {
    const { view, tokens } = await withMails()
    const [token = ''] = tokens
    const sign = (purpose: TokenPurpose, secret = testSecret) => signToken([secret], purpose, [1])
    const other = 'another-secret-of-at-least-32-characters'
    const wrong = ['', token.slice(0, -3), `A${token}`, sign('unsubscribe'), sign('view', other)]
    const views = await Promise.all(wrong.map((one) => view(one, 'en-GB,en;q=0.9')))
    const lost = { status: 404, view: { heading: 'This link does not work' } }
    for (const one of views) expect(one).toMatchObject(lost)
    expect(await view('x', 'fr')).toMatchObject({ texts: { lang: 'fr' } })
  })

  it('explains the link of a test mail, and of a preview', async () => {
    const { view } = await withMails()
    const test = {
      status: 200,
      view: { heading: 'C’était un message d’essai', links: [{ href: '/newsletters' }, {}] },
    }
    expect(await view(signToken([testSecret], 'view', [0]))).toMatchObject(test)
    expect(await view('sample')).toMatchObject(test)
  })

  it('shows no mail of somebody who was erased, or of a recipient that is not there', async () => {
    const { mailshot, view, mail, tokens } = await withMails()
    await mailshot.db.write(
      sql`DELETE FROM subscriptions WHERE subscriber_id = 1`,
      sql`DELETE FROM subscribers WHERE id = 1`,
    )
    const gone = { status: 410, view: { heading: 'Ce message n’est plus conservé' } }
    expect(await view(tokens[0])).toMatchObject(gone)
    expect(await view(signToken([testSecret], 'view', [99]))).toMatchObject(gone)
    expect(await mail(tokens[1])).toContain('Reader 2')
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
    return viewPage(
      mailshot,
      token,
      new Request('https://example.org/mailshot/view/x', { headers }),
    )
  }
  const mail = async (token: string | undefined) => {
    const shown = await view(token)
    if (!(shown instanceof Response)) throw new Error(`no mail: ${shown.view.heading}`)
    return shown.text()
  }
  return { mailshot, transport, tokens, view, mail }
}
