import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { type TokenPurpose, signToken } from '../integrations/mailshot/token.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { viewPage } from '../integrations/mailshot/view.ts'
import { markdown } from './campaign-folder.ts'
import { openTestMailshot, testSecret } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendCampaign, startCampaign } from './sent-campaign.ts'

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

  it('stays in the language that the mail was in, though the reader has chosen another since', async () => {
    const { mailshot, transport, mail, tokens } = await withMails(bilingual)
    await mailshot.db.write(sql`UPDATE subscribers SET lang = 'en'`)
    expect(await mail(tokens[0])).toBe(transport.sentTo('reader1@example.net')[0]?.html)
    expect(await mail(tokens[0])).toContain('Bonjour')
  })

  it('stays in the site’s language of then for a reader who had none', async () => {
    const { mailshot, transport, mail, tokens } = await withMails(bilingual, null)
    await mailshot.db.write(sql`UPDATE subscribers SET lang = 'en'`)
    expect(await mail(tokens[0])).toBe(transport.sentTo('reader1@example.net')[0]?.html)
    expect(await mail(tokens[0])).toContain('Bonjour')
  })

  it('names the lists that the mail named, not those left before it', async () => {
    const { mailshot, transport, view } = await withMails()
    await addReaders(mailshot, 2, { list: 'product' })
    const send = await startCampaign(mailshot, {
      'b.md': markdown('{{ lists | join: "+" }}', 'lists: [weekly, product]'),
    })
    while (await tendSends(mailshot, () => 'ready'));
    const left = sql`subscriber_id = 1 AND list_id = 'weekly'`
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE ${left}`)
    await deliver(mailshot, { untilDone: true })
    const [one, two] = await listRecipients(mailshot, { sendId: send.id })
    const shown = async (id = 0) => {
      const page = await view(signToken([testSecret], 'view', [id]))
      return page instanceof Response ? page.text() : undefined
    }
    const mails = transport.messages.filter(({ campaign }) => campaign === 'b')
    expect(await shown(one?.id)).toBe(mails[0]?.html)
    expect(await shown(one?.id)).not.toContain('weekly')
    expect(await shown(two?.id)).toBe(mails[1]?.html)
    expect(await shown(two?.id)).toContain('weekly+product')
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

const bilingual = { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Good day') }

/** A campaign mailed to two people, and the tokens of their "view in browser" links. */
async function withMails(
  files: Record<string, string> = { 'a.md': markdown('Bonjour {{ nom | default: "x" }} !') },
  lang: string | null = 'fr',
) {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 2)
  await mailshot.db.write(sql`UPDATE subscribers SET lang = ${lang}`)
  const send = await sendCampaign(mailshot, files)
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
