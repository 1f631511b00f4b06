import { describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { proofOf, verifyProof } from '../../integrations/mailshot/privacy/proof.ts'
import { forget } from '../../integrations/mailshot/privacy/tend.ts'
import {
  changePreferences,
  confirm,
  type PreferencesRequest,
  subscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { askNewAddress, changeAddress } from '../../integrations/mailshot/subscriber/address.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { openTestMailshot, testSecret } from '../open-test-mailshot.ts'
import { ask, confirmationToken, lettersOf, placesOf } from '../subscriber/zoe.ts'

const day = 86_400_000

async function proofOfZoe() {
  const mailshot = await openTestMailshot()
  const wording = 'Je veux la lettre\n# et rien d’autre'
  const consent = { ...ask.consent, wording, userAgent: 'Fire\nfox' }
  await subscribe(mailshot, { ...ask, lists: ['weekly'], consent })
  mailshot.clock.advance(60_000)
  await confirm(mailshot, await confirmationToken(mailshot), { ip: '198.51.100.0' })
  await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' })
  const person = await findSubscriber(mailshot, ask.email)
  if (!person) throw new Error('nobody')
  return { mailshot, proof: await proofOf(mailshot, person) }
}

/** Zoé is on a list, and her page is saved; answers what the proof says of the end of each consent. */
async function boxesOfZoe() {
  const mailshot = await openTestMailshot({
    fields: { ads: { type: 'consent', label: 'Sell my data', form: 'optional' } },
    tracking: { individual: true },
    privacy: { keepAuditMonths: 1 },
  })
  const { attributes: _none, ...asking } = ask
  await subscribe(mailshot, { ...asking, lists: ['weekly'], confirmed: true })
  const page = { subscriberId: 1, shown: [], chosen: [], name: 'Zoé', lang: 'fr', consent: {} }
  const save = (change: Partial<PreferencesRequest>) =>
    changePreferences(mailshot, { ...page, ...change })
  const facts = async () => {
    const person = await findSubscriber(mailshot, ask.email)
    const proof = person ? await proofOf(mailshot, person) : ''
    return Array.from(proof.matchAll(/^- ((?:ended|withdrawn): .*)$/gm), ([, fact]) => fact)
  }
  return { mailshot, save, facts }
}

describe('proofOf', () => {
  it('tells when, from where and in which words somebody agreed, and what happened since', async () => {
    const { proof } = await proofOfZoe()
    expect(proof.slice(0, proof.indexOf('## The same'))).toBe(`# What Zoe@example.org agreed to

- site: https://example.org
- drawn up: 2026-11-22T12:01:00.000Z
- person: number 1
- name: Zoé
- language: fr
- known since: 2026-11-22T12:00:00.000Z

## 1. The list Hebdo (weekly)

- asked: 2026-11-22T12:00:00.000Z
- by: form /newsletter
- language: fr
- from: 192.0.2.1, Fire fox
- confirmed: 2026-11-22T12:01:00.000Z
- confirmed from: 198.51.100.0
- ended: 2026-11-22T12:01:00.000Z

In these words:

> Je veux la lettre
> # et rien d’autre

## Since then

- 2026-11-22T12:00:00.000Z ask by page {"lists":["weekly"],"form":"/newsletter"}
- 2026-11-22T12:01:00.000Z weekly: unsubscribed (page)
- 2026-11-22T12:01:00.000Z confirm by subscriber {"lists":["weekly"]}
- 2026-11-22T12:01:00.000Z unsubscribe by subscriber {"lists":["weekly"],"reason":"page"}

`)
  })

  it('tells of each consent whether and when it was taken back, also after the audit forgot it', async () => {
    const { mailshot, save, facts } = await boxesOfZoe()
    const agreed = { attributes: { ads: true }, tracking: { isAgreed: true, wording: 'By name' } }
    const fields = [{ field: 'ads', wording: 'Sell my data' }]
    await save({ ...agreed, consent: { fields } })
    expect(await facts()).toEqual(['ended: no', 'withdrawn: no', 'withdrawn: no'])
    mailshot.clock.advance(day)
    await save({
      attributes: { ads: undefined },
      tracking: { isAgreed: false, wording: 'By name' },
    })
    const audit = await findAudit(mailshot, 'subscriber:1')
    const changes = audit.flatMap(({ action, detail }) => (action === 'change' ? [detail] : []))
    expect(changes).toEqual([
      { changed: ['ads'], agreed: ['ads'] },
      { changed: ['ads'], withdrawn: ['ads'] },
    ])
    await save({ ...agreed, consent: { fields } })
    mailshot.clock.advance(70 * day)
    await forget(mailshot, { actor: 'test' })
    expect(await findAudit(mailshot, 'subscriber:1')).toEqual([])
    const withdrawn = 'withdrawn: 2026-11-23T12:00:00.000Z'
    expect(await facts()).toEqual([
      'ended: no',
      withdrawn,
      withdrawn,
      'withdrawn: no',
      'withdrawn: no',
    ])
  })

  it('tells when a list was left that was joined again since', async () => {
    const { mailshot, save, facts } = await boxesOfZoe()
    mailshot.clock.advance(day)
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' })
    const ended = 'ended: 2026-11-23T12:00:00.000Z'
    expect(await facts()).toEqual([ended])
    mailshot.clock.advance(day)
    await save({ shown: ['weekly'], chosen: ['weekly'] })
    expect(await facts()).toEqual([ended, 'ended: no'])
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' })
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    expect(await facts()).toEqual([ended, 'ended: 2026-11-24T12:00:00.000Z'])
  })

  it('tells of the end of what two agreed to who turned out to be one', async () => {
    const { mailshot, facts } = await boxesOfZoe()
    mailshot.clock.advance(day)
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' })
    mailshot.clock.advance(day)
    const other = { ...ask, email: 'other@example.org', attributes: {}, confirmed: true }
    await subscribe(mailshot, { ...other, lists: ['weekly', 'product'] })
    await unsubscribe(mailshot, { subscriberId: 2, lists: ['product'], reason: 'page' })
    await askNewAddress(mailshot, { subscriberId: 2, email: ask.email })
    const [letter] = await lettersOf(mailshot, 'change-address')
    await changeAddress(mailshot, letter?.values['url']?.split('/').at(-1) ?? '')
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'unsubscribed' })
    expect(await facts()).toEqual([
      'ended: 2026-11-23T12:00:00.000Z',
      'ended: no',
      'ended: 2026-11-24T12:00:00.000Z',
    ])
  })

  it('says the same for programs', async () => {
    const { proof } = await proofOfZoe()
    const [, json = ''] = /```json\n([\s\S]*?)\n```/.exec(proof) ?? []
    expect(JSON.parse(json)).toMatchObject({
      person: { email: 'Zoe@example.org', createdAt: '2026-11-22T12:00:00.000Z' },
      consents: [{ list: 'weekly', confirmedAt: '2026-11-22T12:01:00.000Z' }],
    })
  })
})

describe('verifyProof', () => {
  it('knows its own proof, also after a mail service or an editor had its line ends', async () => {
    const { proof } = await proofOfZoe()
    expect(verifyProof([testSecret], proof)).toBe('genuine')
    expect(
      verifyProof(['a-newer-one', testSecret], `\ufeff${proof.replaceAll('\n', '\r\n')}`),
    ).toBe('genuine')
  })

  it('sees one changed letter, another secret, and what is no proof', async () => {
    const { proof } = await proofOfZoe()
    expect(verifyProof([testSecret], proof.replace('12:00', '11:00'))).toBe('changed')
    expect(verifyProof(['another'], proof)).toBe('changed')
    expect(verifyProof([testSecret], '# Nothing')).toBe('no-proof')
  })
})
