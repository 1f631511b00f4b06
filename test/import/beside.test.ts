import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { importSuppressed } from '../../integrations/mailshot/cli/import-beside.ts'
import { openRehearsal } from '../../integrations/mailshot/import/rehearsal.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSuppression } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

const actor = 'test'

describe('importSuppressed', () => {
  it('tells what is no address, and in a dry run what would change, exactly', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(sql`INSERT INTO suppressions (email, reason, at)
      VALUES ('bob@example.org', 'complaint', 1), ('zoe@example.org', 'unsubscribe', 1)`)
    const entry = { reason: 'manual', note: '' }
    const addresses = ['bob@example.org', 'zoe@example.org', 'new@example.org', 'none']
    const suppressions = {
      name: 'old.sql',
      async *[Symbol.asyncIterator]() {
        await Promise.resolve()
        yield* addresses.map((address, n) => ({ ...entry, address, line: n + 1 }))
      },
    }
    const rehearsal = await openRehearsal(mailshot)
    const faults: number[] = []
    const run = { actor, signal: new AbortController().signal, onFault: () => {} }
    const told = await importSuppressed(mailshot, { suppressions }, { ...run, rehearsal })
    await rehearsal.close()
    expect(await findSuppression(mailshot, 'new@example.org')).toBeUndefined()
    const onFault = ({ line }: { line: number }) => faults.push(line)
    const came = await importSuppressed(mailshot, { suppressions }, { ...run, onFault })
    expect(came).toMatchObject({ changed: 2, faultCount: 1 })
    expect(told).toEqual(came)
    expect(faults).toEqual([4])
  })

  it('spares who has signed up here since, by address and by hash, unless they left later', async () => {
    const mailshot = await openTestMailshot()
    const consent = { source: 'form' as const }
    for (const name of ['bob', 'zoe', 'eve', 'max']) {
      const email = `${name}@example.org`
      await subscribe(mailshot, { email, lists: ['weekly'], consent, confirmed: true })
    }
    mailshot.clock.advance(60_000)
    const left = { reason: 'unsubscribe', note: '' }
    const later = { ...left, at: mailshot.now() - 1 }
    const suppressions = {
      name: 'old.sql',
      async *[Symbol.asyncIterator]() {
        await Promise.resolve()
        yield { ...left, line: 1, address: 'bob@example.org' }
        yield { ...left, line: 2, address: hash('md5', 'zoe@example.org') }
        yield { ...later, line: 3, address: 'eve@example.org' }
        yield { ...later, line: 4, address: hash('md5', 'max@example.org') }
      },
    }
    const run = { actor, signal: new AbortController().signal, onFault: () => {} }
    const rehearsal = await openRehearsal(mailshot)
    const told = await importSuppressed(mailshot, { suppressions }, { ...run, rehearsal })
    await rehearsal.close()
    const came = await importSuppressed(mailshot, { suppressions }, run)
    const suppressed = await mailshot.db.all(sql`SELECT email FROM suppressions ORDER BY email`)
    expect(suppressed).toEqual([{ email: 'eve@example.org' }, { email: 'max@example.org' }])
    expect(await mailshot.db.all(sql`SELECT 1 FROM suppressed_hashes`)).toEqual([])
    expect(came).toMatchObject({ changed: 2 })
    expect(told).toEqual(came)
  })
})
