import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../../integrations/mailshot/transports/sparkpost/outcome.ts'
import type { Outcome } from '../../../integrations/mailshot/transport.ts'

const relay = { status: 'deferred', scope: 'relay' }
const soft = { status: 'rejected', class: 'soft', enhanced: '5.3.0' }
const noAddress = { status: 'rejected', class: 'hard', enhanced: '5.1.3' }

function answered(status: number, error: object = {}, retryAfter?: number): Outcome {
  const body = { errors: [{ message: 'no', ...error }] }
  return outcomeOf({ status, body, ...(retryAfter !== undefined && { retryAfter }) })
}

describe('outcomeOf an answer of SparkPost', () => {
  it('takes the id of the transmission as it is', () => {
    const results = { total_rejected_recipients: 0, total_accepted_recipients: 1 }
    const id = '116687874849505291'
    expect(outcomeOf({ status: 200, body: { results: { ...results, id } } })).toEqual({
      status: 'accepted',
      providerId: id,
    })
  })

  it('reads why the one recipient of a transmission was refused', () => {
    const results = {
      rcpt_to_errors: [
        {
          message: 'Invalid email address',
          description: "Error while parsing address 'a b@example.com'",
          code: '1300',
        },
      ],
      total_rejected_recipients: 1,
      total_accepted_recipients: 0,
      id: '116687874849505291',
    }
    const errors = [{ message: 'transmission created, but with validation errors', code: '2000' }]
    expect(outcomeOf({ status: 200, body: { errors, results } })).toEqual({
      ...noAddress,
      reason:
        "SparkPost answered 200; Invalid email address: Error while parsing address 'a b@example.com' (1300); " +
        'transmission created, but with validation errors (2000)',
    })
  })

  it('keeps an answer that cannot be read apart from a refusal', () => {
    expect(outcomeOf({ status: 200, body: '<html>' })).toMatchObject({ status: 'uncertain' })
    expect(outcomeOf({ status: 200, body: { results: {} } })).toMatchObject({
      status: 'uncertain',
    })
  })

  it('waits as long as SparkPost says, else as its documentation does', () => {
    expect(answered(429, { message: 'Too many requests' }, 17)).toMatchObject({
      ...relay,
      retryAfter: 17,
    })
    expect(answered(429)).toMatchObject({ ...relay, retryAfter: 5 })
    const hourly = { message: 'Exceed Sending Limit (hourly)', code: '2101' }
    expect(answered(420, hourly)).toMatchObject({ ...relay, retryAfter: 3600 })
    const monthly = { message: 'Exceed Sending Limit (monthly)' }
    expect(answered(420, monthly)).toMatchObject({ ...relay, retryAfter: 86_400 })
  })

  it.each([
    ['a wrong key', 401, { message: 'Unauthorized.' }, { status: 'blocked' }],
    ['a key without the grant', 403, { message: 'Forbidden.' }, { status: 'blocked' }],
    ['an endpoint that is none', 404, { code: '1600' }, { status: 'blocked' }],
    ['a mail that is too large', 413, {}, { status: 'blocked' }],
    [
      'an unverified sender',
      400,
      { message: 'Invalid domain', code: '7001' },
      { status: 'blocked' },
    ],
    [
      'a sender that is no address',
      422,
      { code: '1300', description: 'content.from.email: invalid address' },
      { status: 'blocked' },
    ],
    ['an IP pool that is none', 422, { code: '1603' }, { status: 'blocked' }],
    ['the sandbox’s limit', 420, { code: '2103' }, { status: 'blocked' }],
    ['an overloaded API', 400, { code: '1502' }, relay],
    ['a failed database', 500, { code: '1500' }, { status: 'uncertain' }],
    ['too much traffic', 503, { code: '1900' }, relay],
    [
      'no valid recipient',
      400,
      { message: 'At least one valid recipient', code: '5002' },
      noAddress,
    ],
    ['a template fault', 422, { message: 'syntax error', code: '3000' }, soft],
    ['an unwanted header', 422, { message: 'Invalid header', code: '3002' }, soft],
    ['a missing field', 422, { code: '1400' }, soft],
    ['a lost gateway', 502, {}, { status: 'uncertain' }],
    ['a silent gateway', 504, {}, { status: 'uncertain' }],
  ] as const)('maps %s', (_what, status, error, expected) => {
    expect(answered(status, error)).toMatchObject(expected)
  })

  it('knows a suppressed recipient by the refusal of before 2018', () => {
    const message = 'recipient address suppressed due to customer policy'
    expect(answered(400, { message, code: '1902' })).toMatchObject({
      status: 'rejected',
      class: 'hard',
      enhanced: '5.7.1',
    })
  })

  it('tells what left from what did not', () => {
    expect(outcomeOf({ fault: 'getaddrinfo ENOTFOUND', isHandedOver: false })).toEqual({
      ...relay,
      reason: 'getaddrinfo ENOTFOUND',
    })
    expect(outcomeOf({ fault: 'socket hang up', isHandedOver: true })).toEqual({
      status: 'uncertain',
      reason: 'socket hang up',
    })
  })
})
