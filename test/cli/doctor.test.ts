import { describe, expect, test } from 'vitest'
import { openTrial } from '../../integrations/mailshot/cli/doctor.ts'
import { MailshotError } from '../../integrations/mailshot/error.ts'
import { recordingTerminal } from './recording-terminal.ts'

describe('openTrial', () => {
  test('makes a finding of what an attempt answers or throws', async () => {
    const tried = openTrial(recordingTerminal())

    const findings = [
      await tried('a', () => Promise.resolve('works')),
      await tried('b', () => Promise.reject(new MailshotError('b: wrong; do this'))),
      await tried('c', () => Promise.reject(new Error('nobody thought of it'))),
    ]

    expect(findings).toEqual([
      { check: 'a', state: 'ok', detail: 'works' },
      { check: 'b', state: 'problem', detail: 'b: wrong; do this' },
      { check: 'c', state: 'problem', detail: 'nobody thought of it' },
    ])
  })

  test('says that it waits when an answer takes long', async () => {
    const terminal = recordingTerminal()
    const { promise: told, resolve: tell } = Promise.withResolvers<void>()
    const { promise: answered, resolve: answer } = Promise.withResolvers<string>()
    terminal.note = (text) => {
      terminal.err.push(text)
      tell()
    }

    const slow = openTrial(terminal, 1)('mailer', () => answered)
    await told
    answer('works')

    expect(await slow).toMatchObject({ state: 'ok' })
    expect(terminal.err).toEqual(['mailer: waiting for an answer …'])
  })
})
