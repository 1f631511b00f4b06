import Database from 'libsql'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { readHealth } from '../integrations/mailshot/health.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'

describe('readHealth', () => {
  it('says that all is well', async () => {
    const mailshot = await openTestMailshot()
    expect(await healthOf(mailshot)).toEqual({ status: 'ok', database: 'ok', sender: 'running' })
  })

  it('fails while another process keeps the database locked', async () => {
    const mailshot = await openTestMailshot()
    const other = new Database(mailshot.db.url.slice('file:'.length))
    other.exec('BEGIN IMMEDIATE')
    expect(await healthOf(mailshot)).toMatchObject({ status: 'failing', database: 'failing' })
    other.exec('ROLLBACK')
    other.close()
    expect(await healthOf(mailshot)).toMatchObject({ status: 'ok' })
  })

  it('fails from a write that found no room until one succeeds', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.all(sql`PRAGMA max_page_count = 1`)
    await expect(mailshot.db.within(0).write(large)).rejects.toThrow('full')
    expect(await healthOf(mailshot)).toMatchObject({ status: 'failing', database: 'failing' })
    await mailshot.db.all(sql`PRAGMA max_page_count = 100000`)
    await mailshot.db.write(large)
    expect(await healthOf(mailshot)).toMatchObject({ status: 'ok' })
  })
})

const large = sql`INSERT INTO meta (key, value) VALUES ('large', hex(zeroblob(200000)))`

function healthOf(mailshot: TestMailshot) {
  return readHealth(
    () => Promise.resolve(mailshot),
    () => 'running',
  )
}
