import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { smtp } from '../../../integrations/mailshot/transports/smtp.ts'
import { testMessage } from '../../messages.ts'
import { converse, type Desk } from '../../torture/conversation.ts'

it('begins no message between the envelope and the body of another', async () => {
  const second = Promise.withResolvers<void>()
  const firstAnswer = Promise.withResolvers<void>()
  const accepted: { to: string; messageId: string }[] = []
  const sent: Promise<unknown>[] = []
  const relay = await startRelay(second.promise, {
    pipelining: true,
    resets: false,
    isCut: () => false,
    meet: () => undefined,
    accept: ({ to, messageId }) => accepted.push({ to, messageId }),
    reach(step, { to }) {
      // The first message finds nobody to go with it; the next waits for the connection that it has asked for.
      if (step === 'accepted' && to === name(1)) {
        send(2)
        setImmediate(firstAnswer.resolve)
      }
      // Two more come while its envelope is on the wire, which is one more than that connection takes.
      if (step === 'rcpt' && to === name(2)) [3, 4].forEach(send)
    },
    beforeAnswer: () => firstAnswer.promise,
  })
  const { port } = relay
  const transport = smtp({ host: '127.0.0.1', port, tls: 'none', connections: 2 })
  onTestFinished(() => transport.close?.())
  const send = (number: number) =>
    void sent.push(transport.send([messageTo(number)], new AbortController().signal))
  send(1)
  await expect.poll(() => accepted.length, { timeout: 5_000 }).toBeGreaterThan(1)
  second.resolve()
  await expect.poll(() => accepted.length, { timeout: 5_000 }).toBe(4)
  await Promise.all(sent)
  const right = [1, 2, 3, 4].map((number) => ({ to: name(number), messageId: id(number) }))
  expect(accepted.toSorted((a, b) => (a.to < b.to ? -1 : 1))).toEqual(right)
})

const name = (number: number) => `reader${number}@example.net`
const id = (number: number) => `<${number}@example.org>`

function messageTo(number: number) {
  const mime = `Message-ID: ${id(number)}\r\n\r\nThe mail of ${name(number)}\r\n`
  const message = testMessage()
  return {
    ...message,
    envelope: { ...message.envelope, to: name(number) },
    mime: () => mime,
  }
}

/** Its first connection is served at once, all others when `second` says so. */
async function startRelay(second: Promise<void>, desk: Desk) {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    if (connections === 1) void converse(socket, desk)
    else void second.then(() => converse(socket, desk))
    onTestFinished(() => void socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port }
}
