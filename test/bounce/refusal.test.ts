import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { withoutName } from '../../integrations/mailshot/bounce/name.ts'
import { findCode, findStatus, judgeRefusal } from '../../integrations/mailshot/bounce/refusal.ts'

describe('withoutName', () => {
  test('finds a name on Node 22 too, where RegExp has no escape', () => {
    const { escape } = RegExp
    Reflect.deleteProperty(RegExp, 'escape')
    onTestFinished(() => void Object.assign(RegExp, { escape }))
    expect(withoutName('550 zoe.l is away', 'zoe.l@example.org')).toBe(
      '550 zoe.l@example.org is away',
    )
  })
})

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

  test('knows an unknown user by who is meant and what is said of it, in any wording', () => {
    const said = [
      '550 zoe@example.org:user not exist',
      '550 Unknown GroupWise user',
      '550 local server don’t exists that user',
      '550 5.7.0 zoe@example.org... address invalid',
      '550 That customer could not be found',
      '553 mailbox name not allowed',
      '550 Utilizzatore sconosciuto',
      '550 Destinatario errato',
      '550 Nie ma takiego konta',
      '550 Der angegebene Empfänger ist hier leider unbekannt',
      '550 Böyle bir kullanıcı yok',
      '550 пользователь не зарегистрирован',
      '550 邮箱 zoe 未开通',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'hard', about: 'address' })),
    )
  })

  test('judges what many servers say, in many wordings', async () => {
    const file = join(import.meta.dirname, '../fixtures/bounces/wordings.jsonl')
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    const expected = lines.map((line): { class: string; text: string } => JSON.parse(line))

    const told = expected.map(({ text }) => ({ class: judgeRefusal({ text }).class, text }))

    expect(told).toEqual(expected)
  })

  test('counts a guess in new words against the mailbox, which ends nothing at once', () => {
    const said = [
      '550 We have no record of a subscriber called zoe@example.com',
      '550 The person you are writing to has left the company',
      'zoe@example.net wurde bei example.net nicht gefunden.',
      '550 Brugeren er nedlagt',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'hard', about: 'mailbox' })),
    )
  })

  test('knows a full mailbox in the same way', () => {
    const said = [
      '552 La boîte du destinataire est saturée',
      '552 Das Postfach des Empfängers ist leider überfüllt',
      '552 La casella di zoe risulta piena',
      '552 Alıcının posta kutusu dolu',
      '552 受信者のメールボックスの容量が上限に達しました',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'soft', about: 'mailbox' })),
    )
  })

  test('takes a sender that does not exist for no recipient', () => {
    const said = [
      '550 Absender existiert nicht',
      '550 El remitente no existe',
      '550 Адрес отправителя не существует: отправитель неизвестен',
      '517 Domain does not exist: example.com (sender)',
      '550 news@example.com is not a member of the list',
      '554 Excessive userid unknowns from 192.0.2.1',
      '550 Ungültige IP-Adresse des Servers',
      '550 Adresse IP inconnue',
      '550 IP地址错误',
    ]

    expect(said.map((text) => judgeRefusal({ text }))).toEqual(
      said.map(() => ({ class: 'soft', about: 'other' })),
    )
  })

  test('takes nothing for the user that only stands near a word for unknown', () => {
    const said = [
      '550 Invalid credentials for this account, authenticate first',
      '550 5.6.0 invalid MIME structure for recipient',
      '550 The contents of your message to user zoe were removed: virus found',
      '554 mailbox backend error: invalid response',
      '550 Sorry, unknown error while delivering to user',
      '550 Der Empfänger hat kein Interesse',
      '550 5.7.1 Our recipient does not want your mail',
    ]

    expect(said.map((text) => judgeRefusal({ text }).class)).toEqual(said.map(() => 'soft'))
  })

  test('keeps a busy mailbox soft when the mail was given up', () => {
    const text = '450 Requested mail action not taken: mailbox unavailable'
    const unknown = '450 4.1.1 User unknown'

    expect(judgeRefusal({ text, isFinal: true }).class).toBe('soft')
    expect(judgeRefusal({ text: text.replace('450', '550') }).class).toBe('hard')
    expect(judgeRefusal({ text: unknown, isFinal: true }).class).toBe('hard')
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
