import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineConfig, type MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { openMailshot, type OpenOptions } from '../integrations/mailshot/mailshot.ts'
import { startSend } from '../integrations/mailshot/send.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { testConfig } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startFixture } from './start-fixture.ts'

const oldSecret = 'the-first-secret-of-this-database-1234567890'
const newSecret = 'the-second-secret-of-this-database-123456789'

describe('openMailshot', () => {
  it('refuses a missing database, and says how to make one', async () => {
    const { open, file } = site()
    await expect(open({}, { create: false })).rejects.toThrow(
      `${file}: there is no database; create it once with "mailshot init"`,
    )
  })

  it('refuses a secret that the database does not know', async () => {
    const { open } = site()
    await (await open({ secret: oldSecret })).close()
    await expect(open({ secret: newSecret })).rejects.toThrow('made with another secret')
  })

  it('accepts a new secret beside the old one, and alone from then on', async () => {
    const { open } = site()
    await (await open({ secret: oldSecret })).close()
    await (await open({ secret: [newSecret, oldSecret] })).close()
    const { db } = await open({ secret: newSecret })
    expect(await db.all(sql`SELECT actor, action FROM audit WHERE subject = 'secrets'`)).toEqual([
      { actor: 'config', action: 'add-secret' },
    ])
  })

  it('refuses a secret too short to sign with', async () => {
    await expect(site().open({ secret: 'short' })).rejects.toThrow('shorter than 32 characters')
  })

  it('holds a database of another site, and says so', async () => {
    const { open } = site()
    await (await open()).close()
    const staging = await open({ site: 'https://staging.example.org' })
    expect(staging.held).toContain('the database belongs to https://example.org')
    await expect(deliver(staging)).rejects.toThrow('nothing is sent: the database belongs to')
  })

  it('holds a database that no site has claimed', async () => {
    const { open } = site()
    const mailshot = await open()
    await mailshot.db.write(sql`DELETE FROM meta WHERE key = 'site'`)
    const unclaimed = await open({}, { create: false })
    expect(unclaimed.held).toContain('no site has claimed this database yet; run: mailshot init')
  })

  it('mails nothing of a copied database until each send is resumed', async () => {
    const { open } = site()
    const original = await open()
    await addReaders(original, 3)
    await startFixture(original, 'hello')
    await original.close()
    const transport = memory()
    const copy = await open({ site: 'https://moved.example.org', transport }, { adopt: true })
    expect(copy.held).toBeUndefined()
    await deliver(copy, { untilDone: true })
    expect(transport.messages).toEqual([])
    const send = await copy.db.get(sql`SELECT status, reason FROM sends`)
    expect(send).toMatchObject({ status: 'paused', reason: 'database taken over' })
    const lines = await copy.db.all(
      sql`SELECT action, detail ->> 'from' AS "from" FROM audit WHERE actor = 'command' ORDER BY id`,
    )
    const adopted = [{ action: 'adopt', from: 'https://example.org' }]
    expect(lines).toEqual([...adopted, { action: 'pause', from: null }])
  })

  it('holds what it is told to hold', async () => {
    const mailshot = await site().open({}, { hold: 'opened for development' })
    await expect(deliver(mailshot)).rejects.toThrow('nothing is sent: opened for development')
  })

  it('mirrors the lists of the config', async () => {
    const mailshot = await site().open()
    const rows = await mailshot.db.all<{ id: string; status: string }>(
      sql`SELECT id, status FROM lists ORDER BY id`,
    )
    expect(rows.map(({ id, status }) => [id, status])).toEqual([
      ['product', 'open'],
      ['weekly', 'open'],
    ])
  })

  it('keeps a time that never goes back', async () => {
    const mailshot = await site().open()
    const times = Array.from({ length: 1000 }, () => mailshot.now())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(Math.abs(mailshot.now() - Date.now())).toBeLessThan(60_000)
  })
})

describe('defineConfig', () => {
  it('names every wrong option', () => {
    const wrong = { ...minimal, site: 'example.org', pace: 'quick', lists: { Weekly: {} } }
    // @ts-expect-error -- what somebody may write in plain JavaScript
    expect(() => defineConfig(wrong)).toThrowErrorMatchingInlineSnapshot(`
      [MailshotError: mailshot.config.ts is wrong:
      ✖ Invalid URL
        → at site
      ✖ "quick" is not a pace; write it like 5000/day, 10/second or fast
        → at pace
      ✖ Invalid input
        → at lists.Weekly.title]
    `)
  })

  it('refuses an unknown option', () => {
    const wrong = { ...minimal, langs: ['fr'] }
    expect(() => defineConfig(wrong)).toThrow('Unrecognized key: "langs"')
  })

  it('refuses a language that nothing can be written in', () => {
    expect(() => defineConfig({ ...minimal, lang: 'fr-be-nl' })).toThrow(
      'is not a language; write it like fr or pt-BR',
    )
  })

  it('takes redirection, hold and the database from the environment', () => {
    process.env['MAILSHOT_REDIRECT_TO'] = 'staging@example.org'
    process.env['MAILSHOT_HOLD'] = '1'
    process.env['MAILSHOT_DATABASE_URL'] = 'file:elsewhere.db'
    onTestFinished(() => {
      delete process.env['MAILSHOT_REDIRECT_TO']
      delete process.env['MAILSHOT_HOLD']
      delete process.env['MAILSHOT_DATABASE_URL']
    })
    expect(defineConfig(minimal)).toMatchObject({
      redirectTo: 'staging@example.org',
      hold: true,
      database: 'file:elsewhere.db',
    })
  })

  it('takes an empty secret for none', () => {
    expect(defineConfig({ ...minimal, secret: ['', ' '] }).secrets).toEqual([])
  })
})

describe('requireSecret', () => {
  it('keeps a send from starting without a secret', async () => {
    const mailshot = await site().open({ secret: [] })
    // @ts-expect-error -- refused before it is looked at
    const start = startSend(mailshot, {}, [], { actor: 'test' })
    await expect(start).rejects.toThrow('MAILSHOT_SECRET')
  })
})

const minimal: MailshotConfigInput = {
  site: 'https://example.org',
  title: 'News',
  from: 'news@example.org',
  postalAddress: '1 High Street',
  lists: { weekly: { title: 'Weekly' } },
  transport: memory(),
}

/** A folder with one database, opened as often as a test likes, by configs that differ. */
function site() {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-open-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const open = async (config: Partial<MailshotConfigInput> = {}, options: OpenOptions = {}) => {
    const mailshot = await openMailshot(testConfig(config, folder), {
      create: true,
      log: pino({ level: 'silent' }),
      ...options,
    })
    onTestFinished(() => mailshot.close())
    return mailshot
  }
  return { open, file: join(folder, 'mailshot.db') }
}
