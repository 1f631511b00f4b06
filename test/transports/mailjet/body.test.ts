import { describe, expect, it } from 'vitest'
import { mailjetHead } from '../../../integrations/mailshot/transports/mailjet/body.ts'
import { openEncoder } from '../../../integrations/mailshot/transports/mailjet/encode.ts'
import type { Message } from '../../../integrations/mailshot/transport.ts'
import { testMessage } from '../../messages.ts'
import { checkMessage } from '../mailjet-server/check.ts'

const id = 't4x2k1a2b3c4d.17'
const encoder = openEncoder()

/** What Mailjet reads of it. */
function mailjetMessage(
  message: Message,
  { html, text } = { html: [message.html], text: [message.text] },
): Record<string, unknown> {
  const mail = encoder.message(mailjetHead(message), html, text)
  const call = encoder.call([mail], { sandbox: false })
  return JSON.parse(call.toString()).Messages[0]
}

describe('mailjetMessage', () => {
  it('is what the Send API v3.1 wants, with everything said that has a default', () => {
    const message = testMessage({
      id,
      replyTo: { name: '', address: 'redac@example.org' },
    })
    expect(mailjetMessage(message)).toEqual({
      From: { Email: 'news@example.org', Name: 'Rédaction' },
      To: [{ Email: message.envelope.to, Name: message.to.name }],
      ReplyTo: { Email: 'redac@example.org' },
      Subject: message.subject,
      TextPart: message.text,
      HTMLPart: message.html,
      CustomID: `${id}.0`,
      EventPayload: `${id}.0`,
      CustomCampaign: '2026-11-hello.t4x2k1a2b3c4d',
      DeduplicateCampaign: true,
      TrackOpens: 'disabled',
      TrackClicks: 'disabled',
      TemplateLanguage: false,
      Headers: {
        'List-Unsubscribe': message.headers['List-Unsubscribe'],
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        Precedence: 'bulk',
      },
    })
  })

  it('leaves out the headers that Mailjet writes itself, in any case of letters', () => {
    const headers = {
      'list-id': '<weekly.example.org>',
      'MESSAGE-ID': '<1@example.org>',
      'X-Feedback-Id': 'a',
      'Feedback-ID': 'slug:weekly:send:example.org',
    }
    const body = mailjetMessage(testMessage({ headers }))
    expect(body['Headers']).toEqual({ 'Feedback-ID': 'slug:weekly:send:example.org' })
    expect(checkMessage(body, ['*@example.org'])).toEqual([])
  })

  it('makes a reply address of a header, for which Mailjet has a property', () => {
    const headers = { 'Reply-To': '"La rédaction" <redac@example.org>' }
    expect(mailjetMessage(testMessage({ headers }))).toMatchObject({
      ReplyTo: { Email: 'redac@example.org', Name: 'La rédaction' },
      Headers: {},
    })
  })

  it('has a campaign and an id of its own when recipients are mailed once more', () => {
    expect(mailjetMessage(testMessage({ id, resend: 2 }))).toMatchObject({
      CustomID: `${id}.2`,
      EventPayload: `${id}.2`,
      CustomCampaign: '2026-11-hello.t4x2k1a2b3c4d.2',
      DeduplicateCampaign: true,
    })
  })

  it('lets Mailjet drop no double where all mails go to one address', () => {
    const headers = { 'X-Mailshot-Redirected-From': 'reader@example.com' }
    expect(mailjetMessage(testMessage({ headers }))).toMatchObject({ DeduplicateCampaign: false })
  })

  it('gives a letter no campaign, and an id that no other database has', () => {
    const letter = testMessage({
      id: 'letter.3',
      messageId: '<letter.3.mi9x1@example.org>',
      campaign: undefined,
    })
    const body = mailjetMessage(letter)
    expect(body).toMatchObject({ CustomID: 'letter.3.mi9x1', EventPayload: 'letter.3.mi9x1' })
    expect(Object.keys(body)).not.toContain('CustomCampaign')
    expect(Object.keys(body)).not.toContain('DeduplicateCampaign')
  })

  it('asks for tracking only where the campaign does', () => {
    const track = { opens: true, clicks: false }
    expect(mailjetMessage(testMessage({ track }))).toMatchObject({
      TrackOpens: 'enabled',
      TrackClicks: 'disabled',
    })
  })

  it('leaves out parts and names that are empty', () => {
    const body = mailjetMessage(
      testMessage({ html: '', from: { name: '', address: 'news@example.org' } }),
    )
    expect(Object.keys(body)).not.toContain('HTMLPart')
    expect(body['From']).toEqual({ Email: 'news@example.org' })
  })

  it('keeps Mailjet from filling in what looks like its variables', () => {
    const body = mailjetMessage(
      testMessage({
        subject: 'What [[var:name]] means',
        text: 'Write [[data:nom:""]] or [1].',
        html: '<p title="[[VAR:x]]">Write [[ data:nom ]] or a[0] or [if mso]</p>',
      }),
    )
    expect(body).toMatchObject({
      Subject: 'What [\u2060[var:name]] means',
      TextPart: 'Write [\u2060[data:nom:""]] or [1].',
      HTMLPart: '<p title="&#91;&#91;VAR:x]]">Write &#91;&#91; data:nom ]] or a[0] or [if mso]</p>',
    })
  })

  it('joins the pieces of a body as they are, those that many mails share too', () => {
    const shared = 'L’été à “Grenoble” \\ \u0007\t\n'.repeat(40)
    const parts = { html: ['<p>', shared, 'Zoë 🌿 "x"', shared, '</p>'], text: ['a[', '[var:x]]'] }
    const expected = { HTMLPart: parts.html.join(''), TextPart: 'a[\u2060[var:x]]' }
    expect(mailjetMessage(testMessage(), parts)).toMatchObject(expected)
    expect(mailjetMessage(testMessage(), parts)).toMatchObject(expected)
  })

  it('writes a call where one was written before, without a trace of it', () => {
    const own = openEncoder()
    const encode = (subjects: string[]) => {
      const mails = subjects.map((Subject) => own.message({ Subject }, [], ['text']))
      return own.call(mails, { sandbox: true })
    }
    own.reuse(encode(['a long one', 'and another']))
    const messages = [{ Subject: 'é', TextPart: 'text' }]
    expect(JSON.parse(encode(['é']).toString())).toEqual({ Messages: messages, SandboxMode: true })
  })
})
