import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defineConfig, type MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { openDns } from '../../integrations/mailshot/deliverability/dns.ts'
import { examineSenders } from '../../integrations/mailshot/deliverability/examine.ts'
import type { Finding } from '../../integrations/mailshot/deliverability/finding.ts'
import { publicAddresses } from '../../integrations/mailshot/deliverability/reach.ts'
import { sendersBy } from '../../integrations/mailshot/deliverability/senders.ts'
import { waysOf } from '../../integrations/mailshot/route.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { mandrill } from '../../integrations/mailshot/transports/mandrill.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { smtp } from '../../integrations/mailshot/transports/smtp.ts'
import { reverseZone, startDnsServer, type Zone } from '../dns-server.ts'
import { freePort } from '../free-port.ts'
import { testSecret } from '../open-test-mailshot.ts'
import { openSite } from '../run-mailshot.ts'
import { startSmtpServer } from '../smtp-server.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const published = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })

/** Everything that receivers ask for. */
const complete: Zone = {
  'TXT news.club.fr': ['v=spf1 ip4:192.0.2.7 -all'],
  'TXT mail._domainkey.club.fr': [`v=DKIM1; k=rsa; p=${published.toString('base64')}`],
  'TXT _dmarc.club.fr': ['v=DMARC1; p=none; rua=mailto:dmarc@club.fr'],
  'MX news.club.fr': ['10 mx.club.fr'],
  'MX club.fr': ['10 mx.club.fr'],
  'A mx.club.fr': ['192.0.2.7'],
  'A smtp.relay.net': ['198.51.100.1'],
}

const signing = smtp({
  host: 'smtp.relay.net',
  dkim: { domain: 'club.fr', selector: 'mail', privateKey: pem },
})

async function examine(zone: Zone | 'nobody', given: Partial<MailshotConfigInput> = {}) {
  const server = zone === 'nobody' ? `127.0.0.1:${await freePort()}` : await startDnsServer(zone)
  const config = defineConfig({
    site: 'https://club.fr',
    title: 'News',
    from: 'news@club.fr',
    returnPath: 'bounces@news.club.fr',
    postalAddress: '1 rue du Port',
    secret: testSecret,
    lists: { weekly: { title: 'Weekly' } },
    transport: signing,
    ...given,
  })
  const found: Finding[] = []
  for await (const finding of examineSenders(config, { dns: openDns(server), own: [] })) {
    found.push(finding)
  }
  return found
}

const stateOf = (found: Finding[], check: string) =>
  found.filter((one) => one.check === check).map(({ state }) => state)

function ruleOf(found: Finding[], start: string) {
  return found.find(({ check, detail }) => check === 'rule' && detail.startsWith(start))
}

describe('examineSenders', () => {
  it('finds all that receivers ask for, and says so rule by rule', async () => {
    const found = await examine(complete, { bounces: { address: 'bounces@news.club.fr' } })
    expect(found.map(({ check, state, detail }) => [check, state, detail]).slice(0, 8)).toEqual([
      ['SPF', 'ok', 'news.club.fr: v=spf1 ip4:192.0.2.7 -all (0 of 10 look-ups)'],
      ['DKIM', 'ok', 'mail._domainkey.club.fr: 2048 bits, the key that signs here'],
      ['DMARC', 'ok', 'club.fr: p=none'],
      ['alignment', 'ok', 'club.fr: DKIM (club.fr) and SPF (news.club.fr)'],
      ['bounces to', 'ok', 'news.club.fr: mx.club.fr'],
      ['replies to', 'ok', 'club.fr: mx.club.fr'],
      ['reverse DNS', 'ok', expect.stringContaining('smtp.relay.net')],
      ['TLS', 'ok', expect.stringContaining('smtp.relay.net')],
    ])
    expect(found.every(({ state }) => state === 'ok')).toBe(true)
    expect(ruleOf(found, 'DMARC is published')).toMatchObject({
      asks: ['Gmail', 'Yahoo', 'Microsoft', 'Apple'],
      detail: 'DMARC is published, p=none at least: met',
    })
  })

  it('says what is missing, and which rules are not met for it', async () => {
    const found = await examine(
      { 'A smtp.relay.net': ['198.51.100.1'] },
      { site: 'http://club.fr' },
    )
    expect(stateOf(found, 'SPF')).toEqual(['problem'])
    expect(stateOf(found, 'DKIM')).toEqual(['problem'])
    expect(stateOf(found, 'DMARC')).toEqual(['problem'])
    expect(stateOf(found, 'alignment')).toEqual(['problem'])
    expect(stateOf(found, 'bounces to')).toEqual(['problem'])
    expect(ruleOf(found, 'SPF passes')).toMatchObject({
      state: 'problem',
      detail: 'SPF passes: not met, see above',
    })
    expect(ruleOf(found, 'one click')).toMatchObject({ state: 'problem' })
    expect(ruleOf(found, 'complaints')).toMatchObject({ state: 'ok' })
  })

  it('looks at the sender of each list, by the transport that it goes by', async () => {
    const found = await examine(
      {
        ...complete,
        'TXT mailjet._domainkey.shop.fr': [`v=DKIM1; k=rsa; p=${published.toString('base64')}`],
        'TXT _dmarc.shop.fr': ['v=DMARC1; p=reject'],
      },
      {
        transport: undefined,
        transports: { main: signing, bulk: mailjet({ apiKey: 'a', secretKey: 'b' }) },
        lists: {
          weekly: { title: 'Weekly' },
          shop: { title: 'Shop', from: 'shop@shop.fr', transport: 'bulk' },
        },
      },
    )
    expect(stateOf(found, 'DKIM')).toEqual(['ok', 'ok'])
    expect(found.filter(({ check }) => check === 'alignment').map(({ detail }) => detail)).toEqual([
      'club.fr: DKIM (club.fr) and SPF (news.club.fr)',
      'shop.fr: DKIM (shop.fr)',
    ])
    // Mailjet asks for it, and DMARC does not need it.
    expect(stateOf(found, 'SPF')).toEqual(['ok', 'warning'])
  })

  it('looks at a sender with the fallback of its transport, and with one that campaigns choose', async () => {
    const found = await examine(
      {
        ...complete,
        'TXT mailjet._domainkey.club.fr': ['v=DKIM1; p='],
        'TXT mte1._domainkey.shop.fr': [`p=${published.toString('base64')}`],
      },
      {
        transport: undefined,
        transports: {
          main: { use: signing, fallback: 'bulk' },
          bulk: mailjet({ apiKey: 'a', secretKey: 'b' }),
          shop: mandrill({ apiKey: 'c' }),
        },
        senders: { 'shop.fr': 'shop' },
      },
    )
    const ofDkim = found.filter(({ check }) => check === 'DKIM')
    expect(ofDkim.map(({ state, detail }) => [state, detail.split(':')[0]])).toEqual([
      ['ok', 'mail._domainkey.club.fr'],
      ['problem', 'mailjet._domainkey.club.fr'],
      ['ok', 'mte1._domainkey.shop.fr'],
    ])
  })

  it('says that what belongs to the sender does not pass', async () => {
    const { 'TXT mail._domainkey.club.fr': _, ...zone } = complete
    const found = await examine(zone, { returnPath: 'bounces@elsewhere.fr' })
    expect(found.find(({ check }) => check === 'alignment')?.detail).toBe(
      'club.fr: nothing that passes belongs to it (DKIM does not pass, SPF is for elsewhere.fr), so DMARC fails; put right what is said of it above',
    )
  })

  it('says what is not done about bounces and answers, and what the relay has to do', async () => {
    const nobody = { ...complete, 'MX club.fr': ['0 .'] }
    const found = await examine(nobody, { transport: smtp({ host: 'localhost' }) })
    expect(stateOf(found, 'replies to')).toEqual(['problem'])
    expect(ruleOf(found, 'From or Reply-To')).toMatchObject({ state: 'problem' })
    expect(ruleOf(found, 'addresses that bounce')).toMatchObject({ state: 'warning' })
    expect(ruleOf(found, 'mails come by TLS')).toMatchObject({ state: 'unknown' })
    expect(ruleOf(found, 'one click')).toMatchObject({ state: 'unknown' })
    const answered = await examine(nobody, { replyTo: 'news@news.club.fr' })
    expect(stateOf(answered, 'replies to')).toEqual(['ok'])
    const lists = { weekly: { title: 'Weekly', replyTo: 'answers@nowhere.club.fr' } }
    const ofList = await examine(nobody, { replyTo: 'news@news.club.fr', lists })
    expect(stateOf(ofList, 'replies to')).toHaveLength(2)
  })

  it('calls unknown what it could not ask, and what a relay signs by itself', async () => {
    const dark = await examine('nobody')
    expect(dark.filter(({ state }) => state === 'problem')).toEqual([])
    expect(stateOf(dark, 'DKIM')).toEqual(['unknown'])
    expect(ruleOf(dark, 'DKIM passes')).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('not known'),
    })
    const unsigned = await examine(complete, { transport: smtp({ host: 'smtp.relay.net' }) })
    expect(stateOf(unsigned, 'DKIM')).toEqual(['unknown'])
    expect(stateOf(unsigned, 'alignment')).toEqual(['ok'])
  })

  it('says what is wrong with a DMARC record, where it decides', async () => {
    const of = async (zone: Zone) => {
      const { 'TXT _dmarc.club.fr': _, ...others } = complete
      const found = await examine({ ...others, ...zone })
      return found.find(({ check }) => check === 'DMARC')
    }
    expect(await of({ 'TXT _dmarc.club.fr': ['v=DMARC1 p=none'] })).toMatchObject({
      state: 'problem',
      detail: '_dmarc.club.fr: "v=DMARC1 p=none" is no record; begin it with v=DMARC1;',
    })
    expect(await of({ 'TXT _dmarc.club.fr': ['v=DMARC1; rua=mailto:a@club.fr'] })).toMatchObject({
      detail: '_dmarc.club.fr: the record says no policy; add p=none, or a stricter one',
    })
    expect(await of({ 'TXT _dmarc.club.fr': ['v=DMARC1; p=None'] })).toMatchObject({ state: 'ok' })
    const two = ['v=DMARC1; p=none', 'v=DMARC1; p=reject']
    expect(await of({ 'TXT _dmarc.club.fr': two })).toMatchObject({ state: 'problem' })
    const above = { 'TXT _dmarc.club.fr': ['v=DMARC1; p=none'], 'TXT _dmarc.fr': two }
    expect(await of(above)).toMatchObject({ state: 'ok' })
  })

  it('asks nobody about names that cannot be real, or mails that leave for nowhere', async () => {
    expect(await examine('nobody', { from: 'news@example.org' })).toEqual([])
    expect(await examine('nobody', { transport: memory() })).toEqual([])
  })
})

describe('sendersBy', () => {
  it('names whom a transport mails for: by list, by sender, as a fallback, or by campaigns alone', () => {
    const [main, bulk, shop, rest] = ['a', 'b', 'c', 'd'].map(() => memory())
    if (!main || !bulk || !shop || !rest) throw new Error('no transports')
    const config = defineConfig({
      site: 'https://club.fr',
      title: 'News',
      from: 'news@club.fr',
      postalAddress: '1 rue du Port',
      secret: testSecret,
      lists: {
        weekly: { title: 'Weekly' },
        plays: { title: 'Plays', from: 'plays@club.fr', transport: 'bulk' },
      },
      transports: { main, bulk: { use: bulk, fallback: 'main' }, shop, rest },
      senders: { 'shop.fr': 'shop', 'Art@Club.fr': 'shop' },
    })
    const by = waysOf(config).map(({ config: { transport } }) => sendersBy(config, transport))
    expect(by).toEqual([
      ['news@club.fr', 'plays@club.fr'],
      ['plays@club.fr'],
      ['shop.fr', 'art@club.fr'],
      ['news@club.fr'],
    ])
  })
})

describe('mailshot doctor', () => {
  const run = async (zone: Zone) => {
    const relay = await startSmtpServer()
    const site = openSite('sender-site', { SMTP_PORT: String(relay.port), DKIM_KEY: pem })
    await site.mailshot('init')
    return site.mailshot(
      'doctor',
      '--dns',
      await startDnsServer({ ...zone, ...reverseZone(publicAddresses(), 'here.club.fr') }),
    )
  }

  it('ends well where everything is met', async () => {
    const { out, code } = await run(complete)
    expect(out).toContain(
      '✔ DKIM        mail._domainkey.club.fr: 2048 bits, the key that signs here\n',
    )
    expect(out).toContain('✔ rule        SPF passes: met [Gmail, Yahoo, Microsoft, Apple]\n')
    expect(code).toBe(0)
  })

  it('ends with 1 where a record that receivers require is missing', async () => {
    const { 'TXT _dmarc.club.fr': _, ...zone } = complete
    const { out, code } = await run(zone)
    expect(out).toMatch(
      /^✘ DMARC +_dmarc\.club\.fr: no record; publish a TXT record there: v=DMARC1; p=none/m,
    )
    expect(code).toBe(1)
  })
})
