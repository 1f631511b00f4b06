import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { noteRejects } from '../../integrations/mailshot/privacy/reject-files.ts'
import { forget } from '../../integrations/mailshot/privacy/tend.ts'
import { erase, eraseAddress } from '../../integrations/mailshot/subscriber/erase.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'

const day = 86_400_000
const by = { actor: 'mailshot' }
const rows =
  'mailshot_line,mailshot_cause,email,name\r\n2,,zoe@,Zoé\r\n' +
  '3,,Reader1@Example.net,"Al,\ntoo"\r\n5,,ann@example.org,Ann\r\n'

describe('noteRejects', () => {
  it('has the file deleted once its days are over', async () => {
    const { mailshot, folder } = await open()
    mailshot.clock.advance(89 * day)
    await forget(mailshot, by)
    expect(readdirSync(folder)).toEqual(['wrong.csv'])
    mailshot.clock.advance(2 * day)
    await forget(mailshot, by)
    expect(readdirSync(folder)).toEqual([])
    expect(await findAudit(mailshot, 'file:wrong.csv')).toMatchObject([
      { actor: 'cli:ed', action: 'write-rejects', detail: { rows: 3 } },
      { actor: 'mailshot', action: 'delete-rejects' },
    ])
  })

  it('leaves a file that was corrected since to who has done that', async () => {
    const { mailshot, folder, path } = await open()
    writeFileSync(path, rows.replace('zoe@', 'zoe@example.org'))
    mailshot.clock.advance(91 * day)
    await forget(mailshot, by)
    expect(readdirSync(folder)).toEqual(['wrong.csv'])
    expect(await mailshot.db.all(sql`SELECT * FROM reject_files`)).toEqual([])
  })

  it('has whoever is erased taken out of it, octet by octet as the rest was', async () => {
    const { mailshot, folder, path } = await open()
    await addReaders(mailshot, 1)
    await erase(mailshot, 1, 'subscriber')
    await eraseAddress(mailshot, 'Ann@example.org', 'cli:ed')
    expect(readFileSync(path, 'utf8')).toBe(rows.slice(0, rows.indexOf('3,,')))
    mailshot.clock.advance(91 * day)
    await forget(mailshot, by)
    expect(readdirSync(folder)).toEqual([])
  })

  it('keeps the rows of others whose addresses end or begin alike', async () => {
    const { mailshot, path } = await open()
    const head = 'mailshot_line,mailshot_cause,email,name\n'
    const others = '2,,joann@example.org,\n3,,jo.ann@example.org,\n4,,ann@example.org.uk,\n'
    writeFileSync(path, `${head}${others}5,,<ANN@example.org>.,\n6,,"\\nann@example.org",\n`)
    await eraseAddress(mailshot, 'ann@example.org', 'cli:ed')
    expect(readFileSync(path, 'utf8')).toBe(head + others)
  })

  it('stops nothing where the file is gone', async () => {
    const { mailshot, path } = await open()
    rmSync(path)
    await addReaders(mailshot, 1)
    expect(await erase(mailshot, 1, 'subscriber')).toEqual({ status: 'erased' })
  })
})

async function open() {
  const mailshot = await openTestMailshot()
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'wrong.csv')
  writeFileSync(path, rows)
  await noteRejects(mailshot, path, { rows: 3, actor: 'cli:ed' })
  return { mailshot, folder, path }
}
