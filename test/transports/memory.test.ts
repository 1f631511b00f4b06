import { describe, expect, it } from 'vitest'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import { testMessage } from '../messages.ts'
import { arrivedMail } from '../smtp-server.ts'
import { transportContract } from '../transport-contract.ts'

const { signal } = new AbortController()
const unknown: Outcome = { status: 'rejected', class: 'hard', reason: '550 5.1.1 no such user' }

transportContract({
  name: 'memory()',
  open() {
    const transport = memory({ batch: 3 })
    return Promise.resolve({
      transport,
      received: () =>
        Promise.all(
          transport.messages.map((one) =>
            arrivedMail(Buffer.from(one.mime(), 'latin1'), one.envelope.to),
          ),
        ),
      close: () => Promise.resolve(),
    })
  },
})

describe('memory', () => {
  it('takes the batch and the parallel calls that are asked for', () => {
    expect(memory()).toMatchObject({ batch: 1, parallel: 4 })
    expect(memory({ batch: 50, parallel: 2 })).toMatchObject({ batch: 50, parallel: 2 })
  })

  it('answers the next messages as scripted, one script each, then accepts again', async () => {
    const transport = memory()
    const later: Outcome = { status: 'deferred', scope: 'recipient', reason: '450 later' }
    transport.failNext(unknown)
    transport.failNext(later)
    const messages = [testMessage(), testMessage(), testMessage()]
    expect(await transport.send(messages, signal)).toEqual([
      unknown,
      later,
      { status: 'accepted', providerId: `memory-${messages[2]?.id}` },
    ])
    expect(transport.messages).toEqual(messages.slice(2))
    expect(transport.handedOver).toEqual(messages)
  })

  it('answers by the message as long as it is told to', async () => {
    const transport = memory()
    const [bad, good] = [testMessage(), testMessage()]
    transport.failWhen((message) => (message === bad ? unknown : undefined))
    expect(await transport.send([bad, good, bad], signal)).toMatchObject([
      unknown,
      { status: 'accepted' },
      unknown,
    ])
    transport.clear()
    expect(await transport.send([bad], signal)).toMatchObject([{ status: 'accepted' }])
  })

  it('waits for a script that waits', async () => {
    const transport = memory()
    const answer = Promise.withResolvers<Outcome>()
    transport.failNext(() => answer.promise)
    const sending = transport.send([testMessage()], signal)
    expect(transport.handedOver).toHaveLength(1)
    answer.resolve(unknown)
    expect(await sending).toEqual([unknown])
  })

  it('finds what went to an address, in any case of letters', async () => {
    const transport = memory()
    const [to, other] = [testMessage(), testMessage()]
    await transport.send([to, other], signal)
    expect(transport.sentTo(to.envelope.to.toUpperCase())).toEqual([to])
    expect(transport.sentTo('nobody@example.com')).toEqual([])
  })

  it('forgets everything when cleared', async () => {
    const transport = memory()
    await transport.send([testMessage()], signal)
    transport.failNext(unknown)
    transport.clear()
    expect([transport.messages, transport.handedOver]).toEqual([[], []])
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
  })

  it('stops between two messages of a batch when the signal aborts', async () => {
    const transport = memory({ batch: 2 })
    const stop = new AbortController()
    transport.failNext(() => {
      stop.abort()
      return undefined
    })
    expect(await transport.send([testMessage(), testMessage()], stop.signal)).toMatchObject([
      { status: 'accepted' },
      { status: 'deferred', scope: 'relay' },
    ])
  })
})
