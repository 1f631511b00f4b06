import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  enhancedStatus,
  outcomeOfFault,
  type SmtpFault,
} from '../../../integrations/mailshot/transports/smtp/outcome.ts'

// The places where a server answers, as nodemailer reports them.
const greeting = { code: 'EPROTOCOL', command: 'CONN' }
const auth = { code: 'EAUTH', command: 'AUTH PLAIN' }
const mailFrom = { code: 'EENVELOPE', command: 'MAIL FROM' }
const rcptTo = { code: 'EENVELOPE', command: 'RCPT TO' }
const data = { code: 'EENVELOPE', command: 'DATA' }
const body = { code: 'EMESSAGE', command: 'DATA', handedOver: true }

function answered(at: Partial<SmtpFault>, response: string) {
  const responseCode = Number(response.slice(0, 3))
  return outcomeOfFault({ message: response, handedOver: false, ...at, response, responseCode })
}

function broken(fault: Partial<SmtpFault>) {
  return outcomeOfFault({ message: 'Connection closed unexpectedly', handedOver: false, ...fault })
}

describe('outcomeOfFault', () => {
  it.each([
    [rcptTo, '550 5.1.1 <a@b.example>: Recipient address rejected: User unknown'],
    [rcptTo, '550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Try'],
    [rcptTo, '550 5.1.2 Host unknown'],
    [rcptTo, '553 5.1.3 Invalid address syntax'],
    [rcptTo, '551 5.1.6 Mailbox has moved'],
    [rcptTo, '556 5.1.10 Recipient address has null MX'],
    [rcptTo, '550 5.2.1 The email account that you tried to reach is disabled'],
    [rcptTo, '550 No such user here'],
    [rcptTo, '551 User not local'],
    [rcptTo, '553 sorry, no mailbox here by that name'],
    [rcptTo, '550 #5.1.1 Address rejected'],
    [body, '550 5.1.1 User unknown'],
    [
      rcptTo,
      '550 5.1.1 <a@b.example>: Recipient address rejected: undeliverable address: host mx.b.example[192.0.2.9] said: 550 5.7.1 Client host rejected',
    ],
    [rcptTo, '550 5.1.1 <x@throttlehq.com>: User unknown'],
    [rcptTo, '550 5.1.1 User unknown, see https://x.example/rate-limit'],
    [rcptTo, '550 5.2.1 Mailbox disabled, rate limit exceeded'],
    [rcptTo, '550 <sending-quota-exceeded@b.example>: No such user'],
    [rcptTo, '550 spam@b.example: No such user'],
    [rcptTo, '550 <"client host"@b.example>: No such user'],
  ])('takes the address for dead: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'rejected', class: 'hard' })
  })

  it.each([
    [rcptTo, '552 5.2.2 Mailbox full'],
    [rcptTo, '552 Requested action aborted: exceeded storage allocation'],
    [rcptTo, '550 Mailbox is full'],
    [rcptTo, '550 5.7.1 Recipient refuses your mail'],
    [rcptTo, '550 5.4.1 Undeliverable address: host mx.b.example said: 554 Sending paused for you'],
    [rcptTo, '554 5.7.1 Rejected by policy'],
    [rcptTo, '550 5.4.1 Recipient address rejected: Access denied'],
    [rcptTo, '550 Blocked as spam'],
    [rcptTo, '554 No thanks'],
    [data, '554 5.5.1 No valid recipients'],
    [body, '554 5.7.1 Message rejected as spam'],
    [body, '550 Message content refused'],
    [body, '550 5.7.26 Unauthenticated mail is prohibited'],
    [body, '550 5.7.515 Access denied, sending domain does not meet the required level'],
    [body, '552 5.2.3 Message exceeds the limit of this mailbox'],
    [body, '552 5.2.3 Message size limit exceeded for this mailbox'],
    [body, '552 Mailbox size limit exceeded'],
    [body, '552 Message size exceeds the limit of this recipient'],
    [body, '552 5.3.4 Message size exceeds the limit of this recipient'],
    [body, '552 Message quota exceeded'],
    [body, '552 Mailbox message quota exceeded'],
    [body, '552 Recipient message storage quota exceeded'],
    [rcptTo, '552 Message quota exceeded'],
    [body, '554 5.7.1 Message too large for recipient, sending limit exceeded'],
    [rcptTo, '552 5.3.4 Message size exceeds the limit of this recipient'],
    [rcptTo, '554 5.7.1 Mail from your network (5.1.1.20) is refused'],
  ])('counts no death of the address: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'rejected', class: 'soft' })
  })

  it.each([
    [auth, '535 5.7.8 Error: authentication failed'],
    [auth, '534 5.7.9 Please log in with your web browser'],
    [auth, '538 5.7.11 Encryption required'],
    [{ code: 'ETLS', command: 'STARTTLS' }, '502 5.5.1 Not implemented'],
    [{ code: 'ECONNECTION', command: 'EHLO' }, '502 5.5.2 Not implemented'],
    [mailFrom, '530 5.7.0 Must issue a STARTTLS command first'],
    [mailFrom, '503 5.5.4 Error: send AUTH command first'],
    [mailFrom, '550 5.1.8 Sender address rejected: Domain not found'],
    [mailFrom, '552 5.3.4 Message size exceeds fixed limit'],
    [mailFrom, '501 Invalid MAIL FROM address provided'],
    [rcptTo, '554 5.7.1 <a@b.example>: Relay access denied'],
    [rcptTo, '553 5.7.1 <n@x.example>: Sender address rejected: not owned by user news'],
    [rcptTo, '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a list'],
    [rcptTo, '530 5.7.0 Authentication required'],
    [body, '554 Message rejected: Email address is not verified.'],
    [body, '554 Message rejected: Sending paused for this account.'],
    [body, "554 Access denied: User `x' is not authorized to perform `ses:SendRawEmail'"],
    [body, '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
    [body, '552 5.3.4 Message too big'],
    [body, '552 5.3.4 Message size limit exceeded'],
    [body, '552 Message size limit exceeded'],
    [body, '552 Message length limit exceeded'],
    [body, '552 Message too large'],
    [mailFrom, '552 Message size limit exceeded'],
    [mailFrom, '550 5.1.2 Sender domain unknown'],
  ])('stops the send where it would fail for everybody: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'blocked' })
  })

  it.each([
    [greeting, '554 5.7.1 No service for you'],
    [greeting, '421 4.3.2 Too busy'],
    [{ code: 'ECONNECTION', command: 'EHLO' }, '421 4.7.0 Bye'],
    [auth, '454 4.7.0 Temporary authentication failure'],
    [{ code: 'ETLS', command: 'STARTTLS' }, '454 4.7.0 TLS not available'],
    [mailFrom, '451 4.3.0 Queue file write error'],
    [mailFrom, '452 4.3.1 Insufficient system storage'],
    [mailFrom, '503 5.5.1 Bad sequence of commands'],
    [rcptTo, '421 4.7.0 Try again later'],
    [rcptTo, '450 4.7.1 Client host rejected: cannot find your hostname'],
    [rcptTo, '450 4.1.8 <n@x.example>: Sender address rejected: Domain not found'],
    [data, '503 5.5.1 Bad sequence of commands'],
    [body, '421 4.4.2 Timeout'],
  ])('costs no recipient a try where the relay is at fault: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'deferred', scope: 'relay' })
  })

  it.each([
    [rcptTo, '450 4.7.1 <a@b.example>: Recipient address rejected: Greylisted'],
    [rcptTo, '451 4.7.1 Greylisting in action, please come back later'],
    [rcptTo, '450 4.7.1 Client host rejected: Greylisted'],
    [rcptTo, '450 4.2.1 The user is receiving mail at a rate that prevents more'],
    [rcptTo, '452 4.2.2 Over quota'],
    [rcptTo, '450 4.1.1 Unverified address'],
    [
      rcptTo,
      '450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: host mx.b.example[192.0.2.9] said: 450 4.7.1 Client host rejected',
    ],
    [rcptTo, '450 Mailbox busy'],
    [rcptTo, '451 Local error'],
    [rcptTo, '452 Mailbox full'],
    [rcptTo, '451 4.7.1 Please try again later'],
    [body, '452 4.2.2 Mailbox full'],
    [body, '452 Mailbox full'],
    [body, '450 Mailbox busy'],
    [rcptTo, '452 Message quota exceeded for user'],
    [rcptTo, '450 Hourly limit of this recipient exceeded'],
    [body, '454 Throttled: this user is sent too many messages'],
    [rcptTo, '550 Too many messages to this recipient'],
    [body, '554 5.7.1 too many messages to this recipient'],
  ])('comes back later for the recipient: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'deferred', scope: 'recipient' })
  })

  it.each([
    [rcptTo, '450 4.7.28 Unusual amount of mail from your domain'],
    [rcptTo, '450 4.7.1 Rate limit exceeded, slow down'],
    [body, '452 4.7.0 Too many messages from you, throttled'],
    [rcptTo, '451 4.7.500 Server busy'],
    [rcptTo, '451 4.4.1 No answer from host'],
    [rcptTo, '451 4.3.0 Temporary lookup failure'],
    [body, '452 4.3.1 Insufficient system storage'],
    [body, '451 4.7.0 Try again'],
    [body, '451 Local error in processing'],
    [rcptTo, '550 5.7.1 Rate limit exceeded'],
    [rcptTo, '550 5.4.5 Daily sending quota exceeded'],
    [body, '554 Transaction failed: too many connections'],
    [data, '554 Rate limit exceeded'],
  ])('slows the domain: %j %s', (at, response) => {
    expect(answered(at, response)).toMatchObject({ status: 'deferred', scope: 'domain' })
  })

  it.each([
    [body, '454 Throttling failure: Maximum sending rate exceeded.', 5],
    [mailFrom, '454 Throttling failure: Daily message quota exceeded.', 3600],
    [rcptTo, '450 4.7.1 Error: too many recipients from 192.0.2.1', 60],
    [rcptTo, '450 4.7.1 Error: too much mail from 192.0.2.1', 60],
    [mailFrom, '550 5.4.5 Daily user sending quota exceeded', 3600],
    [rcptTo, '452 Hourly sending limit exceeded for user news', 3600],
    [rcptTo, '421 4.7.0 Daily sending quota exceeded', 3600],
    [body, '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException', 3600],
    [body, '550 5.4.5 Daily user sending limit exceeded.', 3600],
    [rcptTo, '452 4.5.3 Hourly sending limit exceeded, try again in 20 minutes', 1200],
    [mailFrom, '432 4.3.2 Too many connections, wait 30 seconds', 30],
    [mailFrom, '451 4.7.0 Too many connections, wait 999999 hours', 86_400],
  ])('waits as long as the relay asks: %j %s', (at, response, retryAfter) => {
    expect(answered(at, response)).toMatchObject({ status: 'deferred', scope: 'relay', retryAfter })
  })

  it('lets no address that is refused for good stop the relay', () => {
    const word = fc.constantFrom(
      'throttled, rate limit, too many messages',
      'daily sending quota exceeded',
      '<x@rate-limit.example>',
      'closing, try again in 5 hours',
    )
    const status = fc
      .tuple(fc.nat(9), fc.nat(30))
      .map(([subject, detail]) => `5.${subject}.${detail}`)
    const parts = fc.tuple(
      fc.integer({ min: 500, max: 599 }).map(String),
      fc.option(status, { nil: '' }),
      fc.array(fc.oneof(word, fc.string()), { maxLength: 4 }),
    )
    fc.assert(
      fc.property(parts, (said) => {
        expect(answered(rcptTo, said.flat().join(' '))).not.toMatchObject({ scope: 'relay' })
      }),
    )
  })

  it('passes on how long a greylist asks to wait', () => {
    const text = '450 4.2.0 Greylisted, see http://postgrey.example/ (try again in 300 seconds)'
    expect(answered(rcptTo, text)).toMatchObject({ scope: 'recipient', retryAfter: 300 })
  })

  it.each([
    { code: 'ESOCKET', originalCode: 'ECONNREFUSED', command: 'CONN' },
    { code: 'ETIMEDOUT', command: 'CONN' },
    { code: 'EDNS', command: 'CONN' },
    { code: 'ECONNECTION', command: 'CONN' },
    { code: 'ETLS', command: 'CONN' },
    { code: 'ECONNECTION' },
    { message: 'Connection pool was closed' },
  ])('keeps the message where the link broke before hand-over: %j', (fault) => {
    expect(broken(fault)).toMatchObject({ status: 'deferred', scope: 'relay' })
  })

  it.each([
    { code: 'ECONNECTION', command: 'CONN' },
    { code: 'ESOCKET', originalCode: 'ECONNRESET', command: 'CONN' },
    { code: 'ETIMEDOUT', command: 'CONN' },
    { code: 'EMESSAGE', command: 'DATA', responseCode: 354, response: '354 Go on' },
    { code: 'EMESSAGE', command: 'DATA', response: 'what?' },
  ])('says that it does not know where the link broke after hand-over: %j', (fault) => {
    expect(broken({ ...fault, handedOver: true })).toMatchObject({ status: 'uncertain' })
  })

  it.each([
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])(
    'stops the send at a certificate, or a mode, that a person must look at: %s',
    (originalCode) => {
      expect(broken({ code: 'ESOCKET', originalCode })).toMatchObject({ status: 'blocked' })
    },
  )

  it('takes an address that nodemailer refuses to write for dead, a sender for blocked', () => {
    const refused = { code: 'EENVELOPE', command: 'API' }
    expect(broken({ ...refused, message: 'Invalid recipient "a\\nb"' })).toMatchObject({
      status: 'rejected',
      class: 'hard',
    })
    expect(broken({ ...refused, message: 'Invalid sender "a\\nb"' })).toMatchObject({
      status: 'blocked',
    })
  })

  it('tells the step and the whole answer as the reason, on one line', () => {
    expect(answered(rcptTo, '550-5.1.1 No\r\n550 5.1.1 such user')).toEqual({
      status: 'rejected',
      class: 'hard',
      enhanced: '5.1.1',
      reason: 'RCPT TO: 550-5.1.1 No 550 5.1.1 such user',
    })
  })
})

describe('enhancedStatus', () => {
  it.each([
    ['550 5.1.1 No such user', '5.1.1'],
    ['550-5.7.26 This mail', '5.7.26'],
    ['550 #5.1.1 No such user', '5.1.1'],
    ['554 Denied (5.7.1)', '5.7.1'],
    ['450 5.2.2 Full', '4.2.2'],
    ['550 No such user at 5.1.1.1 here', undefined],
    ['550 No such user', undefined],
    ['554 5.7.1 Mail from your network (5.1.1.20) is refused', '5.7.1'],
    ['550 sorry (#5.7.1)', '5.7.1'],
    ['550 Your host (5.188.206.14) is listed', undefined],
    ['450 4.3.2.1 is listed', undefined],
    ['550 rejected (4.5.6.7 listed)', undefined],
    ['250 2.0.0 Ok', undefined],
  ])('reads %s as %s', (response, status) => {
    expect(enhancedStatus(response)).toBe(status)
  })
})
