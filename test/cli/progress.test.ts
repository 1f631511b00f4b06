import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { followDuring, followSends } from '../../integrations/mailshot/cli/progress.ts'
import { workWith } from '../../integrations/mailshot/cli/project.ts'
import { localDesk } from '../../integrations/mailshot/cli/send-desk/local.ts'
import { pauseSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { runningSend } from '../running-send.ts'
import { recordingTerminal } from './recording-terminal.ts'

describe('followDuring', () => {
  test('passes the failure of the work on only when nothing reads the database any more', async () => {
    const mailshot = await openTestMailshot()
    const { promise: rows, resolve: answer } = Promise.withResolvers<never[]>()
    const slow = { ...mailshot, db: { ...mailshot.db, all: () => rows } }
    const order: string[] = []

    const work = () => Promise.reject(new Error('nothing is sent'))
    const ended = followDuring(slow, recordingTerminal(), work).catch((error: unknown) => {
      order.push(error instanceof Error ? error.message : '')
    })
    await new Promise((resolve) => setImmediate(resolve))
    order.push('read')
    answer([])
    await ended

    expect(order).toEqual(['read', 'nothing is sent'])
  })

  test('passes it on though the database hangs, and so does what closes it', async () => {
    const mailshot = await openTestMailshot()
    const hangs = () => new Promise<never>(() => {})
    const stalled = { ...mailshot, close: hangs, db: { ...mailshot.db, all: hangs } }
    const work = () => Promise.reject(new Error('1 mail could not be noted'))

    const ended = workWith(stalled, () => followDuring(stalled, recordingTerminal(), work))

    await expect(ended).rejects.toThrow('1 mail could not be noted')
  })

  test('fails when the sends cannot be read, after the work has ended', async () => {
    const mailshot = await openTestMailshot()
    const all = () => Promise.reject(new Error('no disk'))
    const broken = { ...mailshot, db: { ...mailshot.db, all } }
    const order: string[] = []

    const work = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      order.push('worked')
    }
    await expect(followDuring(broken, recordingTerminal(), work)).rejects.toThrow('no disk')

    expect(order).toEqual(['worked'])
  })
})

describe('followSends', () => {
  test('says why a send stands still in a line of its own, each reason once, also when quiet', async () => {
    const mailshot = await openTestMailshot()
    const id = await runningSend(mailshot, ['weekly'])
    const terminal = recordingTerminal({ quiet: true })
    const wait = (reason: string | null) =>
      mailshot.db.write(sql`UPDATE sends SET status = 'scheduled', reason = ${reason}`)
    const acts = [
      () => wait('waiting for its images'),
      () => wait('waiting for its images'),
      () => wait('waiting for its images: 404'),
      () => pauseSend(mailshot, id, { reason: 'blocked', actor: 'test' }),
      () => resumeSend(mailshot, id, { actor: 'test' }),
      () => pauseSend(mailshot, id, { reason: 'blocked', actor: 'test' }),
    ]
    const stepped = { ...mailshot, sleep: async () => void (await acts.shift()?.()) }

    const until = () => acts.length === 0
    const { signal } = new AbortController()
    await followSends(localDesk(stepped), terminal, { id, signal, until })

    expect(terminal.err).toEqual([
      'june is scheduled: waiting for its images',
      'june is scheduled: waiting for its images: 404',
      'june is paused: blocked',
      'june is paused: blocked',
    ])
  })

  test('says when a send has another status, though nothing more is settled', async () => {
    const mailshot = await openTestMailshot()
    const id = await runningSend(mailshot, ['weekly'])
    const terminal = recordingTerminal()
    const acts = [() => pauseSend(mailshot, id, { reason: 'operator', actor: 'test' })]
    const stepped = { ...mailshot, sleep: async () => void (await acts.shift()?.()) }

    const until = () => acts.length === 0
    const { signal } = new AbortController()
    await followSends(localDesk(stepped), terminal, { id, signal, until })

    expect(terminal.err).toEqual([
      'june: 0 of 0 (running)',
      'june is paused: operator',
      'june: 0 of 0 (paused)',
    ])
  })
})
