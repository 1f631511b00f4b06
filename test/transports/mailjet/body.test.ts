import { describe, expect, it } from 'vitest'
import { mailjetMessage } from '../../../integrations/mailshot/transports/mailjet/body.ts'
import { testMessage } from '../../messages.ts'
import { checkMessage } from '../mailjet-server/check.ts'

const id = 't4x2k1a2b3c4d.17'

describe('mailjetMessage', () => {
  it('is what the Send API v3.1 wants, with everything said that has a default', () => {
    const message = testMessage({
      id,
      messageId: `<${id}@example.org>`,
      replyTo: { name: '', address: 'redac@example.org' },
    })
    expect(mailjetMessage(message)).toEqual({
      From: { Email: 'news@example.org', Name: 'Rédaction' },
      To: [{ Email: message.envelope.to, Name: message.to.name }],
      ReplyTo: { Email: 'redac@example.org' },
      Subject: message.subject,
      TextPart: message.text,
      HTMLPart: message.html,
      CustomID: id,
      EventPayload: id,
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
    expect(mailjetMessage(testMessage({ id, messageId: `<${id}.2@example.org>` }))).toMatchObject({
      CustomID: `${id}.2`,
      EventPayload: id,
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
    expect(body).toMatchObject({ CustomID: 'letter.3.mi9x1', EventPayload: 'letter.3' })
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
        text: 'Write [[data:nom:""]] or [1] or [[2]].',
        html: '<p title="[[VAR:x]]">Write [[ data:nom ]] or a[[0]] or [if mso]</p>',
      }),
    )
    expect(body).toMatchObject({
      Subject: 'What [\u2060[var:name]] means',
      TextPart: 'Write [\u2060[data:nom:""]] or [1] or [[2]].',
      HTMLPart:
        '<p title="&#91;&#91;VAR:x]]">Write &#91;&#91; data:nom ]] or a[[0]] or [if mso]</p>',
    })
  })
})
