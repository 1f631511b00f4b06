import { describe, expect, test } from 'vitest'
import { findCode, findStatus, judgeRefusal } from '../../integrations/mailshot/bounce/refusal.ts'

describe('judgeRefusal', () => {
  test('calls an address that nobody has hard, in several languages', () => {
    const said = [
      '550 5.1.1 <zoe@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
      '550 No such user here',
      '550-5.1.1 The email account that you tried to reach does\n550-5.1.1 not exist. Please try',
      '550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416',
      'Der Empfänger wurde nicht gefunden: Empfängeradresse existiert nicht',
      '550 Пользователь не найден',
      '送信先メールアドレスが見つかりませんでした。',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'hard', about: 'address' })),
    )
  })

  test('calls a domain that nobody has hard, unless asking for it failed', () => {
    const gone = judgeRefusal({ text: 'Host or domain name not found. type=A: Host not found' })
    const unknown = judgeRefusal({ text: 'Name service error: Host not found, try again' })

    expect(gone).toEqual({ class: 'hard', about: 'address' })
    expect(unknown).toEqual({ class: 'soft', about: 'other' })
  })

  test('calls a full mailbox soft, also with a code that means for ever', () => {
    const judged = judgeRefusal({ status: '5.2.2', code: 552, text: '552 5.2.2 Mailbox full' })

    expect(judged).toEqual({ class: 'soft', about: 'mailbox' })
  })

  test('counts nothing against the address that is refused for its sender', () => {
    const said = [
      '550 5.1.1 Sender address rejected: user unknown',
      '550 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org',
      '550 5.7.26 This mail is unauthenticated, neither SPF nor DKIM passed',
      '552 too many invalid recipients',
      '554 5.7.1 Message considered as spam by the recipient',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'soft', about: 'other' })),
    )
  })

  test('keeps what is called temporary soft', () => {
    const judged = judgeRefusal({ status: '5.0.0', text: '450 4.1.1 User unknown' })

    expect(judged.class).toBe('soft')
  })

  test('goes by the status code where the words say nothing', () => {
    expect(judgeRefusal({ status: '5.1.1', text: '' })).toEqual({ class: 'hard', about: 'address' })
    expect(judgeRefusal({ status: '5.2.1', text: 'E-42' })).toEqual({
      class: 'hard',
      about: 'mailbox',
    })
    expect(judgeRefusal({ status: '5.7.1', text: 'no' })).toEqual({ class: 'soft', about: 'other' })
    expect(judgeRefusal({ code: 550, text: 'no' })).toEqual({ class: 'soft', about: 'mailbox' })
  })

  test('is not led astray by words inside an address or a link', () => {
    const text = '550 5.1.1 <spam.filter@example.org> unknown user, see https://example.org/spf'

    expect(judgeRefusal({ text })).toEqual({ class: 'hard', about: 'address' })
  })
})

describe('findStatus', () => {
  test('takes no network address or version for a status', () => {
    expect(findStatus('5.45.198.2 said: 550 5.1.1 no')).toBe('5.1.1')
    expect(findStatus('Exim 4.96.1.2, host 4.4.4.4')).toBeUndefined()
  })
})

describe('findCode', () => {
  test('finds the reply code between ports and numbers', () => {
    expect(findCode('mx.example.org[192.0.2.1]:425 said: 550-5.1.1 no')).toBe(550)
  })
})
