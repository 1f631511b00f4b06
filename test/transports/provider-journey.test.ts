import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { mandrill } from '../../integrations/mailshot/transports/mandrill.ts'
import { sparkpost } from '../../integrations/mailshot/transports/sparkpost.ts'
import { handleWebhook } from '../../integrations/mailshot/webhook.ts'
import { webhookUrl } from '../../integrations/mailshot/webhook/address.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { pathOf } from '../signed-events.ts'
import { startFixture } from '../start-fixture.ts'
import { mailjetKeys, startMailjetServer } from './mailjet-server.ts'
import { refuse as refuseMandrill } from './mandrill-mail.ts'
import { sign, startMandrillServer } from './mandrill-server.ts'
import type { ProviderServer } from './provider-server.ts'
import { startSparkpostServer } from './sparkpost-server.ts'
import { refuse as refuseSparkpost } from './sparkpost-transmission.ts'

const key = 'correct-horse-battery'
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function openSparkpost() {
  const server = await startSparkpostServer({ key })
  const transport = sparkpost({ apiKey: key, endpoint: server.url, lookUpSeconds: 0 })
  closing.push(server, transport)
  return { server, transport, path: '/api/v1/transmissions' }
}

async function openMandrill() {
  const server = await startMandrillServer({ key })
  const options = { apiKey: key, endpoint: server.url, lookUpSeconds: 0 }
  const transport = mandrill({ ...options, webhookKeys: ['hook-key'] })
  closing.push(server, transport)
  return { server, transport, path: '/api/1.0/messages/send.json' }
}

/** Three readers are mailed, and the answers about two of them are lost. */
async function mailThree(by: { server: ProviderServer; transport: Transport; path: string }) {
  const mailshot = await openTestMailshot({ transport: by.transport })
  await addReaders(mailshot, 3)
  by.server.answerNext(by.path, 'lose')
  by.server.answerNext(by.path, 'lose')
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 3, uncertain: 0 })
  const recipients = await listRecipients(mailshot, { sendId: send.id })
  return { mailshot, sendId: send.id, recipients }
}

/** What the recipients are known to have become, in the order of their addresses. */
async function fates({ db }: TestMailshot, sendId: string) {
  const rows = await db.all<{ delivery: string | null; class: string | null }>(
    sql`SELECT delivery, delivery_class AS class FROM recipients WHERE send_id = ${sendId} ORDER BY email`,
  )
  return rows.map((row) => [row.delivery, row.class].filter(Boolean).join(' '))
}

describe('deliver by sparkpost()', () => {
  it('mails everybody once though answers are lost, and learns what became of the mails', async () => {
    const by = await openSparkpost()
    const { mailshot, sendId, recipients } = await mailThree(by)
    const campaign = by.server.transmissions.filter((one) => one.campaign_id !== undefined)
    const ids = campaign.map(({ id }) => id)
    expect(new Set(recipients.map(({ providerId }) => providerId))).toEqual(new Set(ids))
    const batch = campaign
      .toSorted((a, b) => a.to.localeCompare(b.to))
      .map(({ id, to, metadata }, index) => ({
        type: ['delivery', 'bounce', 'delay'][index],
        bounce_class: '10',
        event_id: `e${index}`,
        timestamp: String(mailshot.now() / 1000),
        raw_rcpt_to: to,
        transmission_id: id,
        rcpt_meta: metadata,
      }))
      .map((fields) => ({ msys: { message_event: fields } }))
    for (const body of [batch, batch.toReversed(), batch]) {
      const request = new Request(webhookUrl(mailshot.config, 'sparkpost'), {
        method: 'POST',
        body: JSON.stringify(body),
      })
      const answer = await handleWebhook(mailshot, request, pathOf(mailshot, 'sparkpost'))
      expect(answer.status).toBe(200)
      expect(await fates(mailshot, sendId)).toEqual(['delivered', 'bounced hard', 'deferred'])
    }
  })

  it('keeps the key out of what it stores and logs', async () => {
    const by = await openSparkpost()
    const refusal = refuseSparkpost(403, `the key ${key} may not send`)
    const all = await stored(by, refusal)
    expect(all).toContain('may not send')
    expect(all).not.toContain(key)
  })
})

describe('deliver by mandrill()', () => {
  it('mails everybody once though answers are lost, and learns what became of the mails', async () => {
    const by = await openMandrill()
    const { mailshot, sendId, recipients } = await mailThree(by)
    const campaign = by.server.sent.filter(({ tags }) => tags.length > 0)
    const ids = campaign.map(({ id }) => id)
    expect(new Set(recipients.map(({ providerId }) => providerId))).toEqual(new Set(ids))
    const events = campaign
      .toSorted((a, b) => String(a.to[0]?.email).localeCompare(String(b.to[0]?.email)))
      .map(({ id, to, metadata }, index) => ({
        event: ['delivered', 'hard_bounce', 'deferral'][index],
        _id: id,
        ts: mailshot.now() / 1000,
        msg: { _id: id, email: to[0]?.email, metadata, bgtools_code: 10 },
      }))
    const url = webhookUrl(mailshot.config, 'mandrill')
    for (const batch of [events, events.toReversed(), events]) {
      const form = new URLSearchParams({ mandrill_events: JSON.stringify(batch) })
      const headers = { 'X-Mandrill-Signature': sign('hook-key', url, form) }
      // Behind a proxy the request has another address than the one that was signed.
      const inside = url.replace('https://example.org', 'http://127.0.0.1:4321')
      const request = new Request(inside, { method: 'POST', body: form, headers })
      const answer = await handleWebhook(mailshot, request, pathOf(mailshot, 'mandrill'))
      expect(answer.status).toBe(200)
      expect(await fates(mailshot, sendId)).toEqual(['delivered', 'bounced hard', 'deferred'])
    }
  })

  it('keeps the key out of what it stores and logs', async () => {
    const by = await openMandrill()
    const refusal = refuseMandrill(-1, 'Invalid_Key', `the key ${key} may not send`)
    const all = await stored(by, refusal)
    expect(all).toContain('may not send')
    expect(all).not.toContain(key)
  })
})

describe('deliver by mailjet()', () => {
  it('keeps the keys out of what it stores and logs', async () => {
    const server = await startMailjetServer()
    const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, lookUpSeconds: 0 })
    closing.push(server, transport)
    const { apiKey, secretKey } = mailjetKeys
    const login = Buffer.from(`${apiKey}:${secretKey}`).toString('base64')
    const ErrorMessage = `${login} ${apiKey}:${secretKey} ${secretKey} may not send`
    const refusal = { status: 401, body: { ErrorCode: 'mj-0015', ErrorMessage } }
    const answerNext = (_path: string, answer: typeof refusal) => server.failNext(answer)
    const all = await stored({ server: { answerNext }, transport, path: '' }, refusal)
    expect(all).toContain('may not send')
    for (const secret of [apiKey, secretKey, login]) expect(all).not.toContain(secret)
  })
})

interface Refusal {
  status: number
  body?: unknown
}

/** All that the database and the log hold of a send that was refused by who repeats the key. */
async function stored<Answer extends Refusal>(
  by: {
    server: { answerNext(path: string, answer: Answer): void }
    transport: Transport
    path: string
  },
  refusal: Answer,
): Promise<string> {
  const log = new PassThrough()
  const opened = await openTestMailshot({ transport: by.transport })
  const mailshot = { ...opened, log: pino({ level: 'trace' }, log) }
  await addReaders(mailshot, 3)
  for (let times = 0; times < 10; times += 1) by.server.answerNext(by.path, refusal)
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'paused' })
  log.end()
  const file = opened.config.database.replace('file:', '')
  const parts = await Promise.all([file, `${file}-wal`].map((one) => readFile(one, 'latin1')))
  return parts.join('') + (await text(log))
}
