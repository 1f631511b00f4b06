import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bouncesOption, type ImapOptions } from '../../integrations/mailshot/bounce/options.ts'
import { startMailbox } from '../../integrations/mailshot/bounce/mailbox.ts'
import { verifyMailbox } from '../../integrations/mailshot/bounce/mailbox/connect.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { testCa } from '../smtp-server.ts'
import { type ImapServer, startDovecot, whyNoDovecot } from './dovecot.ts'
import { openBounces } from './open-bounces.ts'

const why = whyNoDovecot()

describe(`startMailbox, with a real IMAP server${why ? ` (skipped: ${why})` : ''}`, () => {
  test.skipIf(why)('stores each mail, then moves it to those understood or not', async () => {
    const { server, mailshot, events } = await open()
    await put(server, ['postfix-unknown-user.eml', 'vacation.eml', 'question.eml'])

    await read(mailshot, server, { until: () => countIn(server, 'INBOX', 0) })

    expect(await subjectsIn(server, 'mailshot-done')).toEqual([
      'Out of office: June',
      'Undelivered Mail Returned to Sender',
    ])
    expect(await subjectsIn(server, 'mailshot-unknown')).toEqual(['Re: failure notice'])
    expect((await events()).map(({ type }) => type)).toEqual(['bounced', 'unknown'])
  })

  test.skipIf(why)('hears of a mail that comes in while it waits', async () => {
    const { server, mailshot } = await open()

    await read(mailshot, server, {
      until: async (reader) => {
        await eventually(() => reader.state() === 'reading')
        await put(server, ['qmail-permanent.eml'])
        await countIn(server, 'mailshot-done', 1)
      },
    })

    expect(await subjectsIn(server, 'mailshot-done')).toEqual(['failure notice'])
  })

  test.skipIf(why)('leaves a mail where it is as long as it cannot be stored', async () => {
    const { server, mailshot } = await open()
    await put(server, ['postfix-unknown-user.eml'])
    const failing: Mailshot = {
      ...mailshot,
      db: { ...mailshot.db, write: () => Promise.reject(new Error('the disk is full')) },
    }

    await read(failing, server, {
      until: (reader) => eventually(() => reader.state() === 'failing'),
    })

    expect(await subjectsIn(server, 'INBOX')).toHaveLength(1)
  })

  test.skipIf(why)('goes on to the next mail where one cannot be stored', async () => {
    const { server, mailshot } = await open()
    await put(server, ['postfix-unknown-user.eml', 'question.eml'])
    const { write } = mailshot.db
    const failing: Mailshot = {
      ...mailshot,
      db: {
        ...mailshot.db,
        write: (...statements: Parameters<typeof write>) =>
          inspect(statements, { depth: 9 }).includes('User unknown')
            ? Promise.reject(new Error('the disk does not like it'))
            : write(...statements),
      },
    }

    await read(failing, server, { until: () => countIn(server, 'mailshot-unknown', 1) })

    expect(await subjectsIn(server, 'INBOX')).toEqual(['Undelivered Mail Returned to Sender'])
  })

  test.skipIf(why)('deletes what it stored once that is old, and nothing else', async () => {
    const { server, mailshot } = await open()
    const old = new Date(mailshot.now() - 40 * 86_400_000)
    await put(server, ['postfix-unknown-user.eml', 'question.eml'], { at: old })
    await put(server, ['qmail-permanent.eml'], { at: new Date(mailshot.now()) })
    await put(server, ['lotus-notes.eml'], { at: old, folder: 'mailshot-done' })

    await read(mailshot, server, {
      until: async () => {
        await countIn(server, 'INBOX', 0)
        await countIn(server, 'mailshot-unknown', 0)
        await countIn(server, 'mailshot-done', 2)
      },
    })

    expect(await subjectsIn(server, 'mailshot-done')).toEqual([
      'Undeliverable message',
      'failure notice',
    ])
  })

  test.skipIf(why)('lets one process read at a time, and the next one take over', async () => {
    const { server, mailshot } = await open()
    const first = start(mailshot, server)
    await eventually(() => first.state() === 'reading')
    const second = start(mailshot, server, {
      sleep: (ms, signal) => pause(Math.min(ms, 50), signal),
    })
    await eventually(() => second.state() === 'waiting')

    await first.stop()
    await eventually(() => second.state() === 'reading')

    expect(first.state()).toBe('stopped')
    await second.stop()
  })

  test.skipIf(why)('logs in by OAuth2', async () => {
    const { server, mailshot } = await open('a-valid-token')
    await put(server, ['postfix-unknown-user.eml'])

    await read(mailshot, server, {
      options: { password: undefined, accessToken: () => Promise.resolve('a-valid-token') },
      until: () => countIn(server, 'mailshot-done', 1),
    })

    expect(await subjectsIn(server, 'mailshot-done')).toHaveLength(1)
  })
})

describe(`verifyMailbox, with a real IMAP server${why ? ` (skipped: ${why})` : ''}`, () => {
  test.skipIf(why)('says how many mails wait, and what is wrong with a login', async () => {
    const server = await startDovecot()
    await put(server, ['vacation.eml'])

    expect(await verifyMailbox(optionsFor(server))).toBe(1)
    const refused: unknown = await verifyMailbox({
      ...optionsFor(server),
      password: 'not-the-password',
    }).catch((error: unknown) => error)
    expect(String(refused)).toContain(
      'bounces.imap: localhost refuses the login of bounces; check the user, and MAILSHOT_IMAP_PASSWORD',
    )
    expect(inspect(refused, { depth: 9 })).not.toContain('not-the-password')
    await expect(verifyMailbox({ ...optionsFor(server), inbox: 'nowhere' })).rejects.toThrow(
      'there is no folder nowhere',
    )
  })
})

describe('bounces.imap', () => {
  test('refuses to send a password in clear beyond this machine', () => {
    const parsed = bouncesOption.safeParse({
      address: 'bounces@news.example.org',
      imap: { host: 'imap.example.org', user: 'bounces', tls: 'none' },
    })

    expect(parsed.error?.issues[0]?.message).toContain('password in clear')
  })

  test('refuses an address that leaves no room for a token', () => {
    const parsed = bouncesOption.safeParse({ address: 'a-very-long-name-for-it@example.org' })

    expect(parsed.error?.issues[0]?.message).toContain('at most 16 characters')
  })
})

type Reader = ReturnType<typeof startMailbox>

async function open(accessToken?: string) {
  const [server, bounces] = await Promise.all([startDovecot(accessToken), openBounces()])
  // The server's time is the machine's.
  const mailshot: Mailshot = { ...bounces.mailshot, sleep: (ms, signal) => pause(ms, signal) }
  return { ...bounces, server, mailshot }
}

function start(mailshot: Mailshot, server: ImapServer, more: Partial<Mailshot & ImapOptions> = {}) {
  const { sleep = mailshot.sleep, ...options } = more
  const reader = startMailbox({ ...mailshot, sleep }, { ...optionsFor(server), ...options })
  onTestFinished(() => reader.stop())
  return reader
}

function optionsFor(server: ImapServer): ImapOptions {
  const { imap } = bouncesOption.parse({
    address: 'bounces@news.example.org',
    imap: {
      host: 'localhost',
      port: server.port,
      ca: testCa,
      user: server.user,
      password: server.password,
    },
  })
  if (!imap) throw new Error('no settings')
  return imap
}

/** Reads until something is so. */
async function read(
  mailshot: Mailshot,
  server: ImapServer,
  {
    until,
    options = {},
  }: { until: (reader: Reader) => Promise<void>; options?: Partial<ImapOptions> },
): Promise<void> {
  const reader = start(mailshot, server, options)
  await until(reader)
  await reader.stop()
}

async function put(
  server: ImapServer,
  files: string[],
  { at = new Date(), folder = 'INBOX' } = {},
): Promise<void> {
  const client = await server.client()
  if (folder !== 'INBOX') await client.mailboxCreate(folder)
  for (const file of files) {
    const mail = await readFile(join(import.meta.dirname, '../fixtures/bounces', file))
    await client.append(folder, mail, [], at)
  }
  await client.logout()
}

async function subjectsIn(server: ImapServer, folder: string): Promise<string[]> {
  const client = await server.client()
  await client.mailboxOpen(folder)
  const subjects: string[] = []
  for await (const mail of client.fetch('1:*', { envelope: true })) {
    subjects.push(mail.envelope?.subject ?? '')
  }
  await client.logout()
  return subjects.toSorted()
}

async function countIn(server: ImapServer, folder: string, count: number): Promise<void> {
  const client = await server.client()
  await eventually(async () => {
    const status = await client.status(folder, { messages: true }).catch(() => false as const)
    return status !== false && status.messages === count
  })
  await client.logout()
}

async function eventually(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await wait(20)
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal ? { signal } : {}).catch(() => {})
}
