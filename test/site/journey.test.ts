import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import fr from '../../integrations/mailshot/texts/fr.json' with { type: 'json' }
import { type BuiltSite, startBuiltSite } from '../built-site.ts'
import { ask, press } from '../http-client.ts'
import type { ReadMail } from '../smtp-server.ts'
import { runMailshot } from '../run-mailshot.ts'
import { startTlsProxy } from '../tls-proxy.ts'

const reader = 'zoe.lefevre@example.org'
const other = 'stays@example.org'
const words = fr.pages
const ca = fileURLToPath(new URL('../fixtures/tls/test-only-ca.pem', import.meta.url))

describe('a reader of the built site', () => {
  it('signs up, confirms, gets a campaign, leaves by one click, and gets no other', async () => {
    const site = await startBuiltSite({ prepare: addOther })
    await expectJourney(site, site.url)
  })

  it('does so behind a proxy that ends TLS, too', async () => {
    const proxy = await startTlsProxy()
    const env = { SITE_URL: proxy.url, NODE_EXTRA_CA_CERTS: ca }
    const site = await startBuiltSite({ env, prepare: addOther })
    proxy.forwardTo(Number(site.env['PORT']))
    await expectJourney(site, proxy.url)
  })
})

async function addOther({ mailshot }: Pick<BuiltSite, 'mailshot'>) {
  await mailshot('subscribers', 'add', other, '--list', 'weekly', '--lang', 'fr', '--confirmed')
}

async function expectJourney(site: BuiltSite, publicUrl: string) {
  await signUp(publicUrl)
  await confirm(await mailTo(site, reader), publicUrl)
  expect((await mailTo(site, reader)).subject).toContain('Bienvenue')

  const token = await makeToken(site)
  await send(site, { slug: '2026-09-rentree', token, publicUrl })
  const newsletter = await mailTo(site, reader)
  expect(newsletter.subject).toBe('Zoé, les sentiers vous attendent')
  await leaveByOneClick(newsletter, publicUrl)

  await send(site, { slug: '2026-10-automne', token, publicUrl })
  await site.mailshot('status', '2026-10-automne', '--watch')
  expect(await site.json('status', '2026-10-automne')).toMatchObject([{ total: 1, sent: 1 }])
  expect(unread(site, reader)).toEqual([])
}

async function signUp(publicUrl: string) {
  const page = await ask(`${publicUrl}/mailshot/subscribe?list=weekly&lang=fr`)
  expect(page.status).toBe(200)
  // Faster than any person.
  const doubted = await press(page, words.form.button, { email: reader, name: 'Zoé' })
  expect(doubted.status).toBe(422)
  expect(doubted.text).toContain(words.abuse.press)
  const answer = await press(doubted, words.form.button)
  expect(answer.status).toBe(200)
  expect(answer.text).toContain(words.subscribe.asked.heading)
}

/** After a scanner has looked at every link of the mail. */
async function confirm(mail: ReadMail, publicUrl: string) {
  const link = linkIn(mail, `${publicUrl}/mailshot/confirm/`)
  await ask(link, { method: 'HEAD' })
  const page = await ask(link)
  expect(page.text).toContain(words.confirm.ready.heading)
  const answer = await press(page, words.confirm.button)
  expect(answer.status).toBe(200)
  expect(answer.text).toContain(words.confirm.confirmed.heading)
}

async function makeToken({ json }: BuiltSite): Promise<string> {
  const [made] = await json('token', 'create', 'ci', '--scope', 'send')
  return z.object({ token: z.string() }).parse(made).token
}

/** As a job of CI does: with no database, by the site's API. */
async function send(
  site: BuiltSite,
  { slug, token, publicUrl }: { slug: string; token: string; publicUrl: string },
) {
  const noDatabase = { MAILSHOT_DATABASE_URL: 'file:/nowhere/mailshot.db', MAILSHOT_SECRET: '' }
  const env = { ...site.env, ...noDatabase, MAILSHOT_TOKEN: token }
  const { code, out, err } = await runMailshot(['send', slug, '--yes', '--server', publicUrl], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env,
  })
  expect(err + out).toContain(`started ${slug}`)
  expect(code).toBe(0)
}

/** RFC 8058 §3.1: a mail service posts what the header says, and wants no more than a 200. */
async function leaveByOneClick({ headers }: ReadMail, publicUrl: string) {
  expect(headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click')
  const link = /<(.+)>/.exec(headers['list-unsubscribe'] ?? '')?.[1] ?? ''
  expect(link.startsWith(`${publicUrl}/mailshot/unsubscribe/`)).toBe(true)
  const answer = await ask(link, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  })
  expect(answer.status).toBe(200)
}

const read = new WeakSet<object>()

function unread({ smtp }: BuiltSite, address: string) {
  return smtp.messages.filter((mail) => mail.envelope.to.includes(address) && !read.has(mail))
}

/** The next mail to somebody, as soon as it is there. */
async function mailTo(site: BuiltSite, address: string): Promise<ReadMail> {
  for (;;) {
    const [next] = unread(site, address)
    if (next) {
      read.add(next)
      return next.read()
    }
    await site.smtp.waitForMessages(site.smtp.messages.length + 1)
  }
}

function linkIn({ text }: ReadMail, prefix: string): string {
  const link = text.split(/\s+/).find((word) => word.startsWith(prefix))
  if (link === undefined) throw new Error(`no link to ${prefix} in:\n${text}`)
  return link
}
