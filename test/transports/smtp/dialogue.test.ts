import { describe, expect, it } from 'vitest'
import type { Octets, Outcome } from '../../../integrations/mailshot/transport.ts'
import { contentOf } from '../../../integrations/mailshot/transports/smtp/content.ts'
import {
  abandon,
  answer,
  begin,
  continueBody,
  openDialogue,
  takeOut,
  withdraw,
} from '../../../integrations/mailshot/transports/smtp/dialogue.ts'
import type { Delivery } from '../../../integrations/mailshot/transports/smtp/delivery.ts'
import { readExtensions } from '../../../integrations/mailshot/transports/smtp/envelope.ts'
import { breach, lost, overdue } from '../../../integrations/mailshot/transports/smtp/fault.ts'

const { signal } = new AbortController()
const pipelining = '250-relay\n250 PIPELINING'
const plain = '250 relay'

/** A dialogue with messages that wait for their turn, and what became of each. */
function talk(ehlo: string, waiting: string[], mime = 'Subject: x\r\n\r\nx\r\n') {
  const outcomes: Record<string, Outcome | 'given back'> = {}
  const content = contentOf({ mime: () => mime })
  const deliveries = waiting.map((to): Delivery => {
    const settle = (outcome: Outcome) => void (outcomes[to] = outcome)
    const counts = { moves: 0, isSuspect: false, acceptedBefore: 0 }
    return { envelope: { from: 'b@x', to }, content, signal, ...counts, settle }
  })
  const dialogue = openDialogue(readExtensions(ehlo), {
    next: () => deliveries.shift(),
    free: () => undefined,
    giveBack: ({ envelope }) => void (outcomes[envelope.to] = 'given back'),
  })
  const first = deliveries.shift()
  if (first) begin(dialogue, first)
  return {
    dialogue,
    outcomes,
    mime,
    written: () => takeOut(dialogue).map(asText).join(''),
    says: (...replies: string[]) =>
      replies.map((text) => answer(dialogue, { code: Number(text.slice(0, 3)), text })).at(-1),
  }
}

function asText(piece: string | Octets): string {
  if (typeof piece === 'string') return piece
  const octets = Buffer.alloc(piece.length)
  piece.write(octets, 0)
  return octets.toString('latin1')
}

const envelope = (to: string) => `MAIL FROM:<b@x>\r\nRCPT TO:<${to}>\r\nDATA\r\n`

describe('a dialogue with PIPELINING', () => {
  it('writes the next envelope behind each body, for one round trip a message', () => {
    const { written, says, mime, outcomes } = talk(pipelining, ['a@y', 'b@y', 'c@y'])
    expect(written()).toBe(envelope('a@y'))
    says('250 Ok', '250 Ok', '354 go on')
    expect(written()).toBe(`${mime}.\r\n${envelope('b@y')}`)
    says('250 2.0.0 Ok: queued as Q1', '250 Ok', '250 Ok', '354 go on')
    expect(written()).toBe(`${mime}.\r\n${envelope('c@y')}`)
    expect(outcomes).toMatchObject({ 'a@y': { status: 'accepted', providerId: 'Q1' } })
  })

  it('resets where a recipient was refused, since the sender still stands', () => {
    const { written, says, outcomes } = talk(pipelining, ['a@y', 'b@y'])
    written()
    says('250 Ok', '550 5.1.1 nobody', '503 5.5.1 nobody to send to')
    expect(written()).toBe(`RSET\r\n${envelope('b@y')}`)
    expect(says('250 Ok', '250 Ok', '250 Ok', '354 go on')).toBeUndefined()
    expect(outcomes).toMatchObject({ 'a@y': { status: 'rejected', class: 'hard' } })
  })

  it('needs no reset where the sender was refused', () => {
    const { written, says, outcomes } = talk(pipelining, ['a@y', 'b@y'])
    written()
    says('451 4.3.0 later', '503 5.5.1 no sender', '503 5.5.1 no sender')
    expect(written()).toBe(envelope('b@y'))
    expect(outcomes).toMatchObject({ 'a@y': { status: 'deferred', scope: 'relay' } })
  })

  it('ends a message to nobody with a lone dot (RFC 2920 §3.1)', () => {
    const { written, says, outcomes } = talk(pipelining, ['a@y', 'b@y'])
    written()
    says('250 Ok', '550 5.1.1 nobody', '354 go on')
    expect(written()).toBe(`.\r\n${envelope('b@y')}`)
    expect(says('250 Ok', '250 Ok', '250 Ok', '354 go on')).toBeUndefined()
    expect(outcomes).toMatchObject({ 'a@y': { status: 'rejected', class: 'hard' } })
  })

  it('ends the connection of a server that opens a message without a sender', () => {
    const { written, says } = talk(pipelining, ['a@y'])
    written()
    expect(says('550 5.1.8 not you', '503 no', '354 go on')).toMatchObject({ code: 'EPROTOCOL' })
    expect(written()).toBe('')
  })

  it('takes no answer for one to a body that has not been written', () => {
    const { dialogue, written, says, outcomes } = talk(pipelining, ['a@y'])
    written()
    const fault = says('250 Ok', '250 Ok', '354 go on', '250 Ok')
    expect(fault).toMatchObject({ code: 'EPROTOCOL', handedOver: false })
    if (fault) abandon(dialogue, fault)
    expect(outcomes).toEqual({ 'a@y': 'given back' })
  })

  it('takes no more answers than it asked for', () => {
    const { written, says } = talk(pipelining, ['a@y'])
    written()
    says('250 Ok', '250 Ok', '354 go on')
    written()
    expect(says('250 Ok')).toBeUndefined()
    expect(says('250 Ok')).toMatchObject({ code: 'EPROTOCOL' })
  })

  it('settles the message of the body, and gives back the one of the envelope behind it', () => {
    const { dialogue, written, says, outcomes } = talk(pipelining, ['a@y', 'b@y'])
    written()
    says('250 Ok', '250 Ok', '354 go on')
    written()
    abandon(dialogue, lost())
    expect(outcomes).toMatchObject({ 'a@y': { status: 'uncertain' }, 'b@y': 'given back' })
  })
})

describe('a 421 to a body', () => {
  /** Up to the 421, with the next envelope on the wire where somebody waits. */
  function closing(waiting: string[]) {
    const talking = talk(pipelining, waiting)
    talking.written()
    talking.says('250 Ok', '250 Ok', '354 go on')
    talking.written()
    talking.says('421 4.3.0 later')
    withdraw(talking.dialogue, () => true)
    return talking
  }
  const later = { status: 'deferred', scope: 'relay', reason: expect.stringContaining('421 4.3.0') }

  it('leaves open what a yes after it is to, with the next envelope on the wire', () => {
    const { says, outcomes } = closing(['a@y', 'b@y'])
    expect(says('250 2.1.0 Ok')).toMatchObject({ code: 'EPROTOCOL' })
    expect(outcomes).toEqual({ 'a@y': { status: 'uncertain', reason: expect.any(String) } })
  })

  it('is the answer where a no follows, or nothing', () => {
    for (const end of ['550 no', '421 4.3.0 later']) {
      const { says, outcomes } = closing(['a@y', 'b@y'])
      expect(says(end)).toMatchObject({ code: 'EPROTOCOL' })
      expect(outcomes).toMatchObject({ 'a@y': later })
    }
    const { dialogue, outcomes } = closing(['a@y'])
    abandon(dialogue, overdue('body', 30_000))
    expect(outcomes).toMatchObject({ 'a@y': later })
  })

  it('is none where the server goes on about the message, and nothing else is on the wire', () => {
    const taken = closing(['a@y'])
    expect(taken.says('250 2.0.0 Ok: queued as Q1')).toBeUndefined()
    expect(taken.outcomes).toMatchObject({ 'a@y': { status: 'accepted', providerId: 'Q1' } })
    const refused = closing(['a@y'])
    expect(refused.says('554 5.7.1 spam')).toBeUndefined()
    expect(refused.outcomes).toMatchObject({ 'a@y': { status: 'rejected', class: 'soft' } })
  })

  it('says nothing of a server that breaks the protocol after it', () => {
    const { dialogue, outcomes } = closing(['a@y'])
    abandon(dialogue, breach('what?'))
    expect(outcomes).toMatchObject({ 'a@y': { status: 'uncertain' } })
  })
})

describe('a dialogue without PIPELINING', () => {
  it('waits for each answer', () => {
    const { written, says, mime } = talk(plain, ['a@y', 'b@y'])
    expect(written()).toBe('MAIL FROM:<b@x>\r\n')
    says('250 Ok')
    expect(written()).toBe('RCPT TO:<a@y>\r\n')
    says('250 Ok')
    expect(written()).toBe('DATA\r\n')
    says('354 go on')
    expect(written()).toBe(`${mime}.\r\n`)
    says('250 Ok')
    expect(written()).toBe('MAIL FROM:<b@x>\r\n')
  })

  it('asks no further for a recipient that was refused', () => {
    const { written, says } = talk(plain, ['a@y', 'b@y'])
    written()
    says('250 Ok')
    written()
    says('550 5.1.1 nobody')
    expect(written()).toBe('RSET\r\n')
    says('250 Ok')
    expect(written()).toBe('MAIL FROM:<b@x>\r\n')
  })
})

describe('a body larger than one piece', () => {
  const large = 'long\r\n'.repeat(40_000)

  it('is known not to have arrived until its dot was written', () => {
    const { dialogue, written, says, outcomes } = talk(pipelining, ['a@y'], large)
    written()
    says('250 Ok', '250 Ok', '354 go on')
    expect(written()).toHaveLength(128 * 1024)
    abandon(dialogue, lost())
    expect(outcomes).toMatchObject({ 'a@y': { status: 'deferred', scope: 'relay' } })
  })

  it('leaves piece by piece, the dot last', () => {
    const { dialogue, written, says } = talk(pipelining, ['a@y', 'b@y'], large)
    written()
    says('250 Ok', '250 Ok', '354 go on')
    const first = written()
    continueBody(dialogue)
    expect(first + written()).toBe(`${large}.\r\n${envelope('b@y')}`)
  })

  it('is refused by an answer within it, and uncertain where that says it is taken', () => {
    const refused = talk(pipelining, ['a@y'], large)
    refused.written()
    refused.says('250 Ok', '250 Ok', '354 go on')
    refused.written()
    expect(refused.says('552 5.2.3 too large')).toMatchObject({ code: 'EPROTOCOL' })
    expect(refused.outcomes).toMatchObject({ 'a@y': { status: 'rejected', class: 'soft' } })
    const taken = talk(pipelining, ['a@y'], large)
    taken.written()
    taken.says('250 Ok', '250 Ok', '354 go on')
    taken.written()
    expect(taken.says('250 Ok')).toMatchObject({ code: 'EPROTOCOL' })
    expect(taken.outcomes).toMatchObject({ 'a@y': { status: 'uncertain' } })
  })
})
