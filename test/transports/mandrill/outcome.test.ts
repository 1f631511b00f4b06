import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../../integrations/mailshot/transports/mandrill/outcome.ts'
import type { Outcome } from '../../../integrations/mailshot/transport.ts'

const relay = { status: 'deferred', scope: 'relay' }
const soft = { status: 'rejected', class: 'soft', enhanced: '5.3.0' }
const hard = { status: 'rejected', class: 'hard' }
const blocked = { status: 'blocked' }

const id = 'abc123abc123abc123abc123abc123'

function said(result: object): Outcome {
  return outcomeOf({ status: 200, body: [{ email: 'reader@example.com', _id: id, ...result }] })
}

function refused(status: number, name: string, message = 'no'): Outcome {
  return outcomeOf({ status, body: { status: 'error', code: -1, name, message } })
}

describe('outcomeOf an answer of Mandrill', () => {
  it.each(['sent', 'queued', 'scheduled'])('takes %s for accepted', (status) => {
    expect(said({ status })).toEqual({ status: 'accepted', providerId: id })
  })

  it.each([
    ['hard-bounce', hard],
    ['soft-bounce', { ...soft, enhanced: '4.2.0' }],
    ['spam', { ...hard, enhanced: '5.7.1' }],
    ['unsub', { ...hard, enhanced: '5.7.1' }],
    ['custom', { ...hard, enhanced: '5.7.1' }],
    ['invalid', { ...hard, enhanced: '5.1.3' }],
    ['rule', { ...soft, enhanced: '5.7.1' }],
    ['invalid-sender', blocked],
    ['unsigned', blocked],
    ['test-mode-limit', blocked],
    ['a reason of tomorrow', soft],
  ])('maps a recipient who was rejected as %s', (why, expected) => {
    expect(said({ status: 'rejected', reject_reason: why })).toEqual({
      ...expected,
      reason: `Mandrill rejected the recipient: ${why}`,
    })
  })

  it('calls an address wrong that Mandrill calls so', () => {
    expect(said({ status: 'invalid', reject_reason: null })).toMatchObject({
      ...hard,
      enhanced: '5.1.3',
    })
  })

  it('keeps an answer that cannot be read apart from a refusal', () => {
    expect(said({ status: 'flying' })).toMatchObject({ status: 'uncertain' })
    expect(said({ status: 'sent', _id: null })).toMatchObject({ status: 'uncertain' })
    expect(outcomeOf({ status: 200, body: [] })).toMatchObject({ status: 'uncertain' })
    expect(outcomeOf({ status: 200, body: '<html>' })).toMatchObject({ status: 'uncertain' })
  })

  it.each([
    ['Invalid_Key', 401, blocked],
    ['Invalid_Key', 500, blocked],
    ['PaymentRequired', 402, blocked],
    ['PaymentRequired', 500, blocked],
    ['Unknown_Subaccount', 404, blocked],
    ['Unknown_Subaccount', 500, blocked],
    ['PoorReputation', 500, blocked],
    ['Invalid_Tag_Name', 500, blocked],
    ['ValidationError', 500, soft],
    ['ValidationError', 422, soft],
    ['GeneralError', 500, { status: 'uncertain' }],
    ['ServiceUnavailable', 503, relay],
  ])('maps %s, whatever the status', (name, status, expected) => {
    expect(refused(status, name)).toEqual({
      ...expected,
      reason: `Mandrill answered ${status}; ${name}: no`,
    })
  })

  it('knows what is wrong for every reader from what is wrong in one message', () => {
    const key = 'You must specify a key value'
    expect(refused(500, 'ValidationError', key)).toMatchObject(blocked)
    const sender =
      'Validation error: {"message":{"from_email":"An email address must contain a single @"}}'
    expect(refused(500, 'ValidationError', sender)).toMatchObject(blocked)
  })

  it('waits as long as Mandrill says', () => {
    expect(outcomeOf({ status: 429, body: '', retryAfter: 40 })).toMatchObject({
      ...relay,
      retryAfter: 40,
    })
    expect(outcomeOf({ status: 429, body: '' })).toMatchObject({ ...relay, retryAfter: 5 })
    expect(outcomeOf({ status: 503, body: '', retryAfter: 120 })).toMatchObject({
      ...relay,
      retryAfter: 120,
    })
  })

  it('does not know what became of a message behind a gateway that lost the answer', () => {
    expect(outcomeOf({ status: 502, body: '<html>' })).toMatchObject({ status: 'uncertain' })
    expect(outcomeOf({ status: 504, body: '' })).toMatchObject({ status: 'uncertain' })
  })

  it('tells what left from what did not', () => {
    const reason = 'getaddrinfo ENOTFOUND'
    expect(outcomeOf({ fault: reason, isHandedOver: false })).toEqual({ ...relay, reason })
    expect(outcomeOf({ fault: reason, isHandedOver: true })).toEqual({
      status: 'uncertain',
      reason,
    })
  })
})
