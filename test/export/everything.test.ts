import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exportsNamed, importExports } from '../../integrations/mailshot/cli/import-exports.ts'
import { openTerminal } from '../../integrations/mailshot/cli/terminal.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { type ExportFormat, exportKinds, openExport } from '../../integrations/mailshot/export.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { fill } from './fill.ts'
import { instance } from './instance.ts'

const fields: MailshotConfigInput['fields'] = {
  city: { type: 'text' },
  plan: { type: 'choice', choices: ['free', 'pro'] },
  age: { type: 'number' },
  pro: { type: 'boolean' },
  agreed: { type: 'consent', label: 'I agree' },
  born: { type: 'date' },
}

/** What no export has, all of a table or some of its columns, as docs/import.md says. */
const left: Record<string, readonly string[] | 'all'> = {
  lists: ['tried_at', 'synced_at', 'sync_fault'],
  subscribers: ['updated_at'],
  consents: ['id'],
  sends: ['paused_from', 'freeze_cursor', 'freeze_until'],
  // Of somebody who is gone there is no number elsewhere.
  recipients: ['subscriber_id', 'claim_id', 'worker_id', 'lane', 'relay_fault_at'],
  events: ['letter_id'],
  letters: 'all',
  letter_templates: 'all',
  erasures: 'all',
  reconsents: 'all',
  webhook_batches: 'all',
  pace: 'all',
  lanes: 'all',
  guard: 'all',
  workers: 'all',
  attempts: 'all',
  audit: 'all',
  tokens: 'all',
  meta: 'all',
  migrations: 'all',
}

const silent = openTerminal({ quiet: true })

describe('openExport', () => {
  it('gives everything, which comes in the same elsewhere, as JSON Lines and as CSV', async () => {
    await fc.assert(
      fc.asyncProperty(instance, async (given) => {
        const here = await openTestMailshot({ fields })
        await fill(here, given)
        const there = await expectSameElsewhere(here, 'jsonl')
        expect(await numbersOf(there)).toEqual(await numbersOf(here))
        // CSV has no place to say the last numbers in.
        await expectSameElsewhere(here, 'csv')
      }),
      { numRuns: 8, endOnFailure: true },
    )
  })
})

async function expectSameElsewhere(
  here: TestMailshot,
  format: ExportFormat,
): Promise<TestMailshot> {
  const there = await openTestMailshot({ fields })
  const exported = await exportTo(here, format)
  const files = (await exportsNamed([exported])) ?? []
  expect(files.map(({ kind }) => kind)).toEqual([...exportKinds])
  const told: string[] = []
  const terminal = {
    ...silent,
    print: () => {},
    warn: (one: string) => void told.push(one),
  }
  await importExports(there, files, { terminal })
  expect(told).toEqual([])
  const again = await exportTo(there, format)
  for (const kind of exportKinds) {
    const [before, after] = [exported, again].map((folder) =>
      readFileSync(join(folder, `${kind}.${format}`), 'utf8'),
    )
    expect(after).toBe(before)
  }
  expect(await tablesOf(there)).toEqual(await tablesOf(here))
  return there
}

async function exportTo(mailshot: TestMailshot, format: ExportFormat): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-export-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const opened = openExport(mailshot)
  for (const kind of exportKinds) {
    const text = (await Array.fromAsync(opened.text({ kind, format }))).join('')
    writeFileSync(join(folder, `${kind}.${format}`), text)
  }
  opened.close()
  return folder
}

/** Every table, without what is left out. */
async function tablesOf({ db }: Mailshot): Promise<Record<string, unknown[]>> {
  const tables = await db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@' AND name NOT LIKE '@_@_%' ESCAPE '@'`,
  )
  const found: Record<string, unknown[]> = {}
  for (const { name } of tables) {
    const without = left[name] ?? []
    if (without === 'all') continue
    const columns = await db.all<{ name: string }>(sql`SELECT name FROM pragma_table_info(${name})`)
    const kept = columns.flatMap((column) =>
      without.includes(column.name) ? [] : `"${column.name}"`,
    )
    found[name] = await db.all(
      sql`SELECT ${sql.raw(kept.join())} FROM ${sql.raw(name)} ORDER BY ${sql.raw(kept.join())}`,
    )
  }
  return found
}

/** The last numbers that were given. */
function numbersOf({ db }: Mailshot): Promise<unknown[]> {
  return db.all(sql`SELECT name, seq FROM sqlite_sequence
    WHERE seq > 0 AND name IN ('subscribers', 'recipients') ORDER BY name`)
}
