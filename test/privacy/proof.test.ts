import { describe, expect, it } from 'vitest'
import { proofOf, verifyProof } from '../../integrations/mailshot/privacy/proof.ts'
import { confirm, subscribe, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { openTestMailshot, testSecret } from '../open-test-mailshot.ts'
import { ask, confirmationToken } from '../subscriber/zoe.ts'

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
