import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { octetWriter } from '../../../integrations/mailshot/transports/smtp/octets.ts'

it('writes each octet once and in order, whatever is still on its way', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const socket = connect(address.port, '127.0.0.1')
  const [peer] = await once(server, 'connection')
  const write = octetWriter(socket)
  const bodies = Array.from({ length: 60 }, (_, n) => [`<${n}>`, 'é\xff'.repeat(n * 2000), '.\r\n'])
  for (const [index, body] of bodies.entries()) {
    write(body)
    // Some follow at once, some when the one before has left.
    if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
  const received = (await buffer(peer)).toString('latin1')
  expect(received).toBe(bodies.flat().join(''))
})
