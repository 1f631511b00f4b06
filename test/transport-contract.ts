import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message, Outcome, Transport } from '../integrations/mailshot/transport.ts'
import { testMessage } from './messages.ts'

/** A mail as it arrived, decoded; what the provider's way does not show is left out. */
export interface ArrivedMail {
  /** The address it was delivered to. */
  to: string
  from?: string
  subject: string
  text: string
  html: string
  messageId?: string
  /** Lower-case name → unfolded value. */
  headers: Record<string, string>
}

export interface TransportSubject {
  transport: Transport
  /** Everything that arrived on the other side, in any order. */
  received: () => Promise<ArrivedMail[]>
  close: () => Promise<void>
}

export interface TransportContract {
  name: string
  open: () => Promise<TransportSubject>
  /** The same transport with the other side out of reach or refusing, and what its reasons must not hold. */
  openBroken?: () => Promise<TransportSubject & { secrets: string[] }>
  /** An address that the other side refuses at once, while it takes all others. */
  refused?: string
}

const neverAborted = new AbortController().signal

/** What every transport promises, whatever it speaks: call it once in the transport's own test. */
export function transportContract(contract: TransportContract): void {
  const { refused, openBroken } = contract
  describe(`${contract.name} as a transport`, () => {
    let subject: TransportSubject
    beforeEach(async () => {
      subject = await contract.open()
    })
    afterEach(async () => {
      await subject.close()
    })
    const send = (messages: Message[], signal = neverAborted) =>
      subject.transport.send(messages, signal)

    it('answers no message with no outcome', async () => {
      expect(await send([])).toEqual([])
      expect(await subject.received()).toEqual([])
    })

    it('answers one outcome a message, by position', async () => {
      const messages = Array.from({ length: subject.transport.batch + 1 }, () => testMessage())
      const calls = [messages.slice(0, subject.transport.batch), messages.slice(-1)]
      const outcomes = await Promise.all(calls.map((call) => send(call)))
      expect(outcomes.map((some) => some.length)).toEqual(calls.map((call) => call.length))
      expect(providerIds(outcomes.flat()).size).toBe(messages.length)
    })

    it('brings a message over with its sender, subject, headers and both bodies', async () => {
      const message = testMessage()
      expect(await send([message])).toMatchObject([{ status: 'accepted' }])
      const [mail] = await subject.received()
      expectSame(mail, message)
    })

    it.each(Object.entries(unusual))('brings over %s', async (_what, parts) => {
      const message = testMessage(parts)
      expect(await send([message])).toMatchObject([{ status: 'accepted' }])
      const [mail] = await subject.received()
      expectSame(mail, message)
    })

    it('does not mix messages that are sent at once', async () => {
      const messages = Array.from({ length: 40 }, () => testMessage())
      await Promise.all(messages.map((message) => send([message])))
      const received = await subject.received()
      expect(received).toHaveLength(messages.length)
      for (const message of messages) {
        expectSame(
          received.find((mail) => mail.to === message.envelope.to),
          message,
        )
      }
    })

    it('hands nothing over once the signal has aborted', async () => {
      const outcomes = await send([testMessage()], AbortSignal.abort())
      expect(outcomes).toMatchObject([{ status: 'deferred', scope: 'relay' }])
      expect(await subject.received()).toEqual([])
    })

    it('can be closed again, and unused', async () => {
      await subject.transport.close?.()
      expect(await send([testMessage()])).toMatchObject([{ status: 'accepted' }])
      await subject.transport.close?.()
      await subject.transport.close?.()
    })

    it('passes its own verification', async () => {
      await expect(subject.transport.verify?.()).resolves.toBeUndefined()
    })

    if (refused === undefined) return
    it('says which message was refused, and brings over the others', async () => {
      const envelope = { from: 'bounces@example.org', to: refused }
      const messages = [1, 2, 3, 4, 5].map((nth) => testMessage(nth === 3 ? { envelope } : {}))
      const { batch } = subject.transport
      const calls = messages.flatMap((_, at) =>
        at % batch ? [] : [messages.slice(at, at + batch)],
      )
      const outcomes = (await Promise.all(calls.map((call) => send(call)))).flat()
      const accepted = outcomes.map(({ status }) => status === 'accepted')
      expect(accepted).toEqual([true, true, false, true, true])
      expect(outcomes[2]?.status).toMatch(/^(rejected|deferred)$/)
      const taken = messages.filter((_, index) => index !== 2).map((one) => one.envelope.to)
      expect((await subject.received()).map(({ to }) => to).toSorted()).toEqual(taken.toSorted())
    })
  })

  if (!openBroken) return
  describe(`${contract.name} with the other side out of order`, () => {
    it('answers for each message and keeps its secrets', async () => {
      const { transport, received, secrets, close } = await openBroken()
      const messages = Array.from({ length: 3 }, () => testMessage())
      const calls = messages.map((message) => transport.send([message], neverAborted))
      for (const [outcome] of await Promise.all(calls)) {
        expect(outcome?.status).toMatch(/^(deferred|rejected|blocked|uncertain)$/)
        const reason = outcome && 'reason' in outcome ? outcome.reason : ''
        expect(reason.length).toBeGreaterThan(0)
        expect(reason.length).toBeLessThanOrEqual(500)
        for (const secret of secrets) expect(reason).not.toContain(secret)
      }
      expect(await received()).toEqual([])
      await close()
    })

    it('keeps its secrets in whatever else it says, throws or prints', async () => {
      const { transport, secrets, close } = await openBroken()
      const printed: unknown[] = []
      const listen = (stream: NodeJS.WriteStream) =>
        vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(text) > 0)
      const spies = [listen(process.stdout), listen(process.stderr)]
      const said = await Promise.allSettled([
        transport.verify?.('news@example.org'),
        transport.lookUp?.([testMessage()]),
        transport.webhooks?.list(),
        transport.webhooks?.install('https://example.org/mailshot/webhooks/name/secret'),
        transport.registerSender?.('news@example.org'),
      ])
      for (const spy of spies) spy.mockRestore()
      await close()
      const all = inspect([said, printed], {
        depth: Infinity,
        showHidden: true,
        maxStringLength: null,
      })
      for (const secret of secrets) expect(all).not.toContain(secret)
      expect(all).toContain('MailshotError')
    })
  })
}

const unusual: Record<string, Parameters<typeof testMessage>[0]> = {
  'accents, quotation marks and emoji': {
    subject: 'Assemblée générale : “l’été”, n°3 #printemps 🌿',
    from: { name: 'Rédaction, “Lisière” <3', address: 'news@example.org' },
    text: 'Ça va ? Œuvre, €, 🌿.',
    html: '<p>Ça va&nbsp;? Œuvre, €, 🌿.</p>',
  },
  'right-to-left and Asian scripts': {
    subject: 'النشرة 通信 のニュース',
    text: 'مرحبا\n你好\nこんにちは',
    html: '<p dir="rtl">مرحبا</p><p>你好</p>',
  },
  'lines that begin with dots or look like headers': {
    text: '.\n..\n.hidden\nFrom: me\nBcc: you@example.com\n.\nend',
    html: '<pre>\n.\n..\nFrom: me\n.\n</pre>',
  },
  'lines longer than SMTP allows': {
    text: 'long '.repeat(1000).trim(),
    html: `<p>${'long '.repeat(1000).trim()}</p>`,
  },
  'a subject and a header longer than a line': {
    subject: 'A letter with much to say '.repeat(8).trim(),
    headers: {
      'List-Unsubscribe': `<https://example.org/mailshot/unsubscribe/${'t'.repeat(400)}>`,
    },
  },
}

function expectSame(mail: ArrivedMail | undefined, message: Message): void {
  const unsubscribe = mail?.headers['list-unsubscribe']?.replace(/\s/g, '')
  expect({
    to: mail?.to,
    from: mail?.from?.includes(message.from.address) ?? true,
    subject: mail?.subject,
    text: mail?.text.trimEnd(),
    html: mail?.html.trimEnd(),
    messageId: mail?.messageId ?? message.messageId,
    unsubscribe: [unsubscribe, mail?.headers['list-unsubscribe-post']],
  }).toEqual({
    to: message.envelope.to,
    from: true,
    subject: message.subject,
    text: message.text,
    html: message.html,
    messageId: message.messageId,
    unsubscribe: [message.headers['List-Unsubscribe'], message.headers['List-Unsubscribe-Post']],
  })
}

function providerIds(outcomes: Outcome[]): Set<string> {
  return new Set(outcomes.flatMap((one) => (one.status === 'accepted' ? one.providerId : [])))
}
