import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { spawnServer, startBuiltSite } from '../built-site.ts'
import { asCsv, inventPeople } from '../demo/invented-people.ts'

const people = inventPeople(120)
const slug = '2026-10-automne'
const counters = z.object({ status: z.string(), sent: z.number(), uncertain: z.number() })

describe('SIGKILL of the server in the middle of a send', () => {
  it('loses nobody and mails nobody twice; the next server says who is uncertain', async () => {
    const site = await startBuiltSite({
      smtp: { delayMs: 20 },
      prepare: async ({ folder, mailshot }) => {
        const file = join(folder, 'people.csv')
        writeFileSync(file, asCsv(people))
        await mailshot('import', file, '--list', 'weekly')
      },
    })
    await site.mailshot('send', slug, '--yes')
    await site.smtp.waitForMessages(30)
    await site.stop('SIGKILL')

    const next = spawnServer(site.env)
    onTestFinished(async () => void (await next.stop('SIGKILL')))
    const read = async () => counters.parse((await site.json('status', slug))[0])
    await expect.poll(async () => (await read()).status, { timeout: 30_000 }).toBe('done')
    const { sent, uncertain } = await read()
    const mailed = site.smtp.messages
      .filter((mail) => mail.header('List-Id') !== undefined)
      .flatMap((mail) => mail.envelope.to)
    expect(new Set(mailed).size).toBe(mailed.length)
    expect(sent + uncertain).toBe(people.length)
    expect(uncertain).toBeLessThanOrEqual(10)
    const listed = await site.json('recipients', slug, '--status', 'uncertain')
    const unclear = listed.map((row) => z.object({ email: z.string() }).parse(row).email)
    const reached = new Set([...mailed, ...unclear])
    expect(people.filter(({ email }) => !reached.has(email))).toEqual([])
  })
})
