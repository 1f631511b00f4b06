import { describe, expect, test } from 'vitest'
import { formatMoment, isoTime } from '../integrations/mailshot/cli/format.ts'
import { resend } from '../integrations/mailshot/cli/resend.ts'
import { settle } from '../integrations/mailshot/cli/settle.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { apiClient, startApiServer } from './api-server.ts'
import { recordingTerminal } from './cli/recording-terminal.ts'
import { mixedSend, reader, recipientOf } from './mixed-send.ts'
import { openSite } from './run-mailshot.ts'

/** A send with one uncertain and one failed recipient, and the command line on its database. */
async function open() {
  const { mailshot, send } = await mixedSend({ at: Date.UTC(2026, 0, 5, 8) })
  const site = openSite('site', { MAILSHOT_DATABASE_URL: mailshot.config.database })
  const recipient = (number: number) => recipientOf(mailshot, send, reader(number))
  const now = () => readSend(mailshot, send.id)
  return { mailshot, send, site, recipient, now }
}

describe('mailshot recipients', () => {
  test('says of the uncertain what to look for, and what to do next', async () => {
    const { site, send, recipient } = await open()
    const { messageId, inHandAt } = (await recipient(3)) ?? {}

    const { code, out, err } = await site.mailshot('recipients', 'hello', '--status', 'uncertain')
    const lines = await site.json('recipients', 'hello', '--status', 'uncertain')

    expect(code).toBe(0)
    expect(out.replaceAll(/ {2,}/g, '  ').trimEnd().split('\n')).toEqual([
      'address  in hand  what happened  message id',
      `reader3@example.net  ${formatMoment(inHandAt, 'Europe/Paris')}  the connection broke  ${messageId}`,
    ])
    expect(err).toContain(`mailshot settle ${send.id} --as sent ADDRESS…`)
    expect(err).toContain(`mailshot resend ${send.id} --uncertain`)
    expect(lines).toMatchObject([
      { email: reader(3), status: 'uncertain', inHandAt: isoTime(inHandAt), messageId },
    ])
  })

  test('shows what became of somebody each time before', async () => {
    const { site } = await open()
    await site.mailshot('resend', 'hello', '--failed', '--reason', 'back from leave', '--yes')

    const { out } = await site.mailshot('recipients', 'hello', '--email', reader(2))
    const [line] = await site.json('recipients', 'hello', '--email', reader(2))

    expect(out).toMatch(
      / mailed once more by cli:\w+; it was failed \(550 5\.2\.1 mailbox disabled; back from leave\)\n$/,
    )
    expect(line).toMatchObject({
      status: 'pending',
      resend: 1,
      history: [{ action: 'resend', detail: { was: 'failed', tries: 1 } }],
    })
  })
})

describe('mailshot settle', () => {
  test('settles those who are named, once', async () => {
    const { site, send, now } = await open()
    const words = ['settle', 'hello', '--as', 'sent', 'Reader3@Example.net']

    const first = await site.mailshot(...words)
    const [again] = await site.json(...words)

    expect(first).toMatchObject({ code: 0, out: '1 recipient settled as sent\n', err: '' })
    expect(again).toMatchObject({ settled: 0, already: 1, send: { id: send.id, uncertain: 0 } })
    expect(await now()).toMatchObject({ sent: 3, uncertain: 0 })
  })

  test('settles all as failed, and says how to mail them', async () => {
    const { site, send, recipient } = await open()

    const run = await site.mailshot(
      'settle',
      'hello',
      '--as',
      'failed',
      '--all',
      '--reason',
      'lost',
    )

    expect(run).toMatchObject({
      code: 0,
      out: '1 recipient settled as failed\n',
      err: `To mail them once more: mailshot resend ${send.id} --failed\n`,
    })
    expect(await recipient(3)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^settled as failed by cli:\w+: lost$/),
    })
  })

  test('says what is missing, and who is not uncertain', async () => {
    const { site, now } = await open()
    const run = async (...args: string[]) => settle.run(args, () => recordingTerminal())

    await expect(run('hello', reader(3))).rejects.toThrow('Say --as sent, or --as failed')
    await expect(run('hello', '--as', 'sent')).rejects.toThrow('whom? Name addresses')
    await expect(run('hello', '--as', 'sent', '--all', reader(3))).rejects.toThrow(
      'leave it or the addresses out',
    )
    await expect(run('hello', '--ask', '--all')).rejects.toThrow('settle: --ask asks about all')
    const other = await site.mailshot('settle', 'hello', '--as', 'sent', reader(2))
    expect(other.code).toBe(1)
    expect(other.err).toContain('reader2@example.net is failed, and only what is uncertain can be')
    expect(await now()).toMatchObject({ uncertain: 1, failed: 1 })
  })
})

describe('mailshot resend', () => {
  test('says how many it would be, and needs a yes', async () => {
    const { site, send, now } = await open()

    const asked = await site.mailshot('resend', 'hello', '--failed', '--uncertain')
    const [dry] = await site.json('resend', 'hello', '--failed', '--dry-run')

    expect(asked.code).toBe(1)
    expect(asked.err).toBe(
      `hello, send ${send.id}: 2 recipients to mail once more (1 failed, 1 uncertain)\n` +
        'The uncertain one may have got it, and then gets it twice.\n' +
        'mailshot: resend: it would go to 2 recipients; add --yes to mail them without a question\n',
    )
    expect(dry).toMatchObject({ resent: 0, failed: 1, uncertain: 0, send: { status: 'done' } })
    expect(await now()).toMatchObject({ status: 'done', failed: 1, uncertain: 1 })
  })

  test('lets a send that was done run again', async () => {
    const { site, send, now } = await open()

    const run = await site.mailshot('resend', 'hello', '--failed', '--yes')
    const [again] = await site.json('resend', 'hello', '--failed', '--yes')

    expect(run).toMatchObject({
      code: 0,
      out: `1 recipient waits again; hello (${send.id}) is running\n`,
      err: expect.stringContaining(`To watch: mailshot status ${send.id} --watch\n`),
    })
    expect(again).toMatchObject({ resent: 0, failed: 0 })
    expect(await now()).toMatchObject({ status: 'running', failed: 0, remaining: 1 })
  })

  test('mails one who got it only with --again', async () => {
    const { site, recipient } = await open()

    const refused = await site.mailshot('resend', 'hello', reader(1), '--yes')
    const run = await site.mailshot('resend', 'hello', reader(1), '--again', '--yes')

    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('add --again') })
    expect(run).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 recipient got it already: they get it twice.'),
    })
    expect(await recipient(1)).toMatchObject({ status: 'pending', resend: 1 })
  })

  test('says what is missing or does not go together', async () => {
    const run = async (...args: string[]) => resend.run(args, () => recordingTerminal())
    await expect(run('hello')).rejects.toThrow('Say --failed, --uncertain, or name addresses')
    await expect(run('hello', '--failed', reader(1))).rejects.toThrow('--failed is all of them')
    await expect(run('hello', '--failed', '--again')).rejects.toThrow('--again goes with addresses')
  })
})

describe('--server', () => {
  test('settles, resends and lists at a running site', async () => {
    const { mailshot, send, now } = await open()
    const { url } = await startApiServer(mailshot)
    const { token } = await apiClient(mailshot, ['send', 'people'], 'desk')
    // Without a database of its own.
    const site = openSite('site', { MAILSHOT_TOKEN: token })
    mailshot.clock.set(Date.now())

    const [listed] = await site.json('recipients', 'hello', '-s', 'uncertain', '--server', url)
    const [settled] = await site.json('settle', 'hello', '--as', 'failed', '--all', '--server', url)
    mailshot.clock.advance(1000)
    const [resent] = await site.json('resend', 'hello', '--failed', '--yes', '--server', url)

    expect(listed).toMatchObject({ email: reader(3), reason: 'the connection broke' })
    expect(settled).toMatchObject({ settled: 1, send: { id: send.id, failed: 2 } })
    expect(resent).toMatchObject({ resent: 2, send: { status: 'running', remaining: 2 } })
    expect(await now()).toMatchObject({ status: 'running', remaining: 2 })
  })
})
