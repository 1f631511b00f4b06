import { describe, expect, test } from 'vitest'
import { splitMbox } from '../../integrations/mailshot/bounce/mbox.ts'

describe('splitMbox', () => {
  test('gives the mails of a mailbox file, and nothing away', () => {
    const first = 'From MAILER-DAEMON  Thu Jul  2 12:05:05 2026\nSubject: one\n\nFrom here on\n\n'
    const second = 'From zoe@example.org Thu Jul 12 12:05:06 2026\nSubject: two\n\nHello\n'

    const mails = splitMbox(Buffer.from(first + second))

    expect(mails.map(String)).toEqual([first, second])
  })

  test('leaves any other file as it is, whatever it quotes', () => {
    const mail = 'Subject: one\n\nFrom zoe@example.org Thu Jul 12 12:05:06 2026\n'

    expect(splitMbox(Buffer.from(mail)).map(String)).toEqual([mail])
  })
})
