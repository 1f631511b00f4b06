import { describe, expect, test } from 'vitest'
import { transportsThat } from '../../integrations/mailshot/cli/transports.ts'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'

const transport: Transport = mailjet()
const mailer: Transport = memory()
const find = (name?: string, way = { transport, mailer }) =>
  transportsThat(way, { name, can: (one) => one.webhooks !== undefined, lack: 'it has none' })

describe('transportsThat', () => {
  test('finds those of the settings that can, each once', () => {
    expect(find()).toEqual([transport])
    expect(find('mailjet')).toEqual([transport])
    expect(find(undefined, { transport, mailer: transport })).toEqual([transport])
  })

  test('names the one that cannot, or that was meant', () => {
    expect(() => find('memory')).toThrow('memory: it has none')
    expect(() => find(undefined, { transport: mailer, mailer })).toThrow('memory: it has none')
    expect(() => find('mailget')).toThrow(
      '--transport mailget: the settings have no such transport; did you mean "mailjet"?',
    )
  })
})
