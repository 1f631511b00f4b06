import { expect, it, onTestFinished } from 'vitest'
import { checkSmtpOptions } from '../../../integrations/mailshot/transports/smtp/options.ts'
import { contentOf } from '../../../integrations/mailshot/transports/smtp/content.ts'
import { openHold } from '../../../integrations/mailshot/transports/smtp/hold.ts'
import { openWire } from '../../../integrations/mailshot/transports/smtp/take-over.ts'
import { openWriter } from '../../../integrations/mailshot/transports/smtp/writer.ts'
import { startScriptedSmtpServer } from '../../scripted-smtp-server.ts'

it('says goodbye on a connection that nothing was sent over for long', async () => {
  const relay = await startScriptedSmtpServer()
  onTestFinished(() => relay.close())
  const { host, port } = relay
  const { signal } = new AbortController()
  const wire = await openWire(checkSmtpOptions({ host, port, tls: 'none' }), signal)
  if (!('socket' in wire)) throw new Error(wire.message)
  const goodbye = Promise.withResolvers<void>()
  const source = { next: () => undefined, free: () => undefined, giveBack: () => undefined }
  const limits = { answerMs: 60_000, idleMs: 20, hold: openHold() }
  const writer = openWriter(wire, { source, ...limits, ended: () => goodbye.resolve() })
  await goodbye.promise
  await expect.poll(() => relay.commands.at(-1)).toBe('QUIT')
  await expect.poll(() => relay.open()).toBe(0)
  const counts = { moves: 0, isSuspect: false, acceptedBefore: 0 }
  const content = contentOf({ mime: () => 'x\r\n' })
  const delivery = { envelope: { from: 'b@x', to: 'a@y' }, content, signal, ...counts }
  const begun = writer.begin({ ...delivery, settle: () => undefined })
  expect(begun).toBe(false)
})
