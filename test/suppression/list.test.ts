import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { suppressionList } from '../../integrations/mailshot/sources/suppression-list.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import {
  findSuppression,
  lift,
  listSuppressions,
  suppress,
} from '../../integrations/mailshot/suppression.ts'
import { exportSuppressions } from '../../integrations/mailshot/suppression/export.ts'
import {
  importSuppressions,
  type SuppressionImportOptions,
} from '../../integrations/mailshot/suppression/import.ts'
import { parseReason } from '../../integrations/mailshot/suppression/merge.ts'
import { sendTest } from '../../integrations/mailshot/test-send.ts'
import { rowsFrom } from '../import/state.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { runningSend } from '../running-send.ts'
import { sendingCampaigns } from '../start-fixture.ts'

const actor = 'test'
const zoe = 'zoe@example.org'

describe('importSuppressions', () => {
  it('reads one address a line, and is the same when it is run again', async () => {
    const mailshot = await openTestMailshot()
    const file = 'Zoe@Example.org\n\nnobody\nbob@example.org\r\n'
    const faults: unknown[] = []
    const onFault = (fault: unknown) => faults.push(fault)
    expect(await bringIn(mailshot, file, { onFault })).toEqual({
      read: 3,
      changed: 2,
      unchanged: 0,
      faultCount: 1,
    })
    expect(faults).toEqual([
      { line: 3, cause: '"nobody" is neither an e-mail address nor a hash of one' },
    ])
    expect(await bringIn(mailshot, file)).toMatchObject({ changed: 0, unchanged: 2 })
    expect(await findSuppression(mailshot, zoe)).toEqual({
      email: zoe,
      reason: 'manual',
      note: 'from list.txt',
      at: mailshot.now(),
    })
  })

  it('reads a CSV file with reasons in the words of other systems, and dates', async () => {
    const mailshot = await openTestMailshot()
    await bringIn(
      mailshot,
      'name;email;type;created\nZoé;zoe@example.org;Hard bounce;2025-01-31T00:00:00Z\nBob;bob@example.org;spam;\n' +
        'Eve;eve@example.org;unsubscribed;\nAna;ana@example.org;;\nJo;jo@example.org;who knows;\n',
      { reason: 'complaint', note: 'old system' },
    )
    expect(await listSuppressions(mailshot)).toMatchObject([
      { email: 'ana@example.org', reason: 'complaint', note: 'old system' },
      { email: 'bob@example.org', reason: 'complaint' },
      { email: 'eve@example.org', reason: 'unsubscribe' },
      { email: zoe, reason: 'hard-bounce', at: Date.UTC(2025, 0, 31) },
    ])
  })

  it('takes no refusal for now, and nothing that is denied, for a reason', async () => {
    const words = [
      'soft bounce',
      'Soft-Bounced',
      'softbounce',
      'temporary bounce',
      'rebond temporaire',
    ]
    const denials = ["isn't spam", 'non_spam', 'no complaint', 'pas de plainte', 'not unsubscribed']
    expect([...words, ...denials].map(parseReason)).toEqual(
      [...words, ...denials].map(() => undefined),
    )
    expect(parseReason('invalid, no such user')).toBe('hard-bounce')
    expect(parseReason('spam (by microsoft software)')).toBe('complaint')
    const mailshot = await openTestMailshot()
    const summary = await bringIn(
      mailshot,
      'email;type\nzoe@example.org;soft bounce\nbob@example.org;not spam\neve@example.org;spam\n',
    )
    expect(summary).toMatchObject({ read: 3, changed: 1, faultCount: 2 })
    expect(await listSuppressions(mailshot)).toMatchObject([{ email: 'eve@example.org' }])
  })

  it('keeps the stronger reason', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, zoe, { reason: 'manual', actor })
    await bringIn(mailshot, zoe, { reason: 'unsubscribe' })
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('manual')
    await bringIn(mailshot, zoe, { reason: 'complaint' })
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('complaint')
  })
})

describe('a suppression of which only a hash is kept', () => {
  it('keeps mail from somebody who is here already', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 3)
    await bringIn(mailshot, `${hash('sha256', 'reader2@example.net').toUpperCase()}\n`)
    await bringIn(mailshot, `md5:${hash('md5', 'reader3@example.net')}\n`)
    const sendId = await runningSend(mailshot, ['weekly'])
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 1 })
    expect((await findSubscriber(mailshot, 'reader2@example.net'))?.suppressed).toBe('manual')
    expect(await hashes(mailshot)).toBe(0)
  })

  it('keeps who is not here from coming in by an import, and does not store the address', async () => {
    const mailshot = await knowingHash('manual')
    const rows = rowsFrom([{ email: zoe, lists: ['weekly'] }])
    expect(await importSubscribers(mailshot, rows, { actor })).toMatchObject({
      created: 0,
      skipped: { suppressed: 1 },
    })
    expect(await findSubscriber(mailshot, zoe)).toBeUndefined()
    expect(await listSuppressions(mailshot)).toEqual([])
  })

  it('keeps them from signing up, and from test mails', async () => {
    const mailshot = await knowingHash('complaint')
    expect(await signUp(mailshot)).toEqual({ status: 'suppressed', reason: 'complaint' })
    expect(await findSubscriber(mailshot, zoe)).toBeUndefined()
    const config = { ...mailshot.config, campaigns: sendingCampaigns }
    const { compiled } = await compileCampaign(config, await readCampaign(config, 'hello'))
    await expect(sendTest(mailshot, compiled, [zoe])).rejects.toThrow(
      'zoe@example.org is suppressed',
    )
  })

  it('lets who had left ask again, with a confirmation, and is an address from then on', async () => {
    const mailshot = await knowingHash('unsubscribe')
    expect(await signUp(mailshot)).toMatchObject({ status: 'asked' })
    expect(await findSubscriber(mailshot, zoe)).toMatchObject({ suppressed: 'unsubscribe' })
    expect(await hashes(mailshot)).toBe(0)
  })

  it('is lifted by the address', async () => {
    const mailshot = await knowingHash('manual')
    expect(await lift(mailshot, zoe, { actor })).toMatchObject({ email: zoe, reason: 'manual' })
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
    expect(await lift(mailshot, zoe, { actor })).toBeUndefined()
  })

  it('gives way to a stronger reason for the address', async () => {
    const mailshot = await knowingHash('unsubscribe')
    await suppress(mailshot, zoe, { reason: 'complaint', actor })
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('complaint')
    await lift(mailshot, zoe, { actor })
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
  })
})

describe('exportSuppressions', () => {
  it('takes all of it to another site, the key of the hashes too', async () => {
    const first = await openTestMailshot()
    await suppress(first, zoe, { reason: 'complaint', note: 'by phone', actor })
    await bringIn(first, hash('sha256', 'bob@example.org'), { reason: 'unsubscribe' })
    const second = await openTestMailshot()
    await bringIn(second, await exported(first))
    expect(await findSuppression(second, zoe)).toEqual(await findSuppression(first, zoe))
    expect((await findSuppression(second, 'bob@example.org'))?.reason).toBe('unsubscribe')
    const third = await openTestMailshot()
    await bringIn(third, await exported(second))
    expect((await exported(third)).split('\n').slice(1)).toEqual(
      (await exported(first)).split('\n').slice(1),
    )
  })

  it('holds nobody’s address when all of them are hashed, and still keeps mail from each', async () => {
    const first = await openTestMailshot()
    await suppress(first, zoe, { reason: 'manual', note: 'zoe called', actor })
    const list = await exported(first, true)
    expect(list).not.toContain('zoe')
    const second = await openTestMailshot()
    await bringIn(second, list)
    expect((await findSuppression(second, zoe))?.reason).toBe('manual')
    // Its own key stays another one, and that of the list goes on with it.
    const third = await openTestMailshot()
    await bringIn(third, await exported(second, true))
    expect((await findSuppression(third, zoe))?.reason).toBe('manual')
  })

  it('has the same key each time', async () => {
    const mailshot = await openTestMailshot()
    expect(await exported(mailshot)).toBe(await exported(mailshot))
  })

  it('is of no use without the line with its key, and says so', async () => {
    const first = await openTestMailshot()
    await suppress(first, zoe, { reason: 'manual', actor })
    const [, line = ''] = (await exported(first, true)).split('\n')
    const second = await openTestMailshot()
    const causes: string[] = []
    await bringIn(second, line, { onFault: ({ cause }) => causes.push(cause) })
    expect(causes).toEqual([
      expect.stringMatching(/^the key of the hash \w+:… is not here; import the whole export/),
    ])
    await expect(bringIn(second, '{"keys":["broken"]}\n')).rejects.toThrow(
      'list.txt: the key in its first line is damaged',
    )
  })
})

async function bringIn(
  mailshot: TestMailshot,
  text: string,
  options: Partial<SuppressionImportOptions> = {},
) {
  const source = suppressionList(Readable.from([Buffer.from(text)]), 'list.txt')
  return importSuppressions(mailshot, source, { actor, ...options })
}

async function exported(mailshot: TestMailshot, hashed = false): Promise<string> {
  const lines: string[] = []
  for await (const line of exportSuppressions(mailshot, { hashed }))
    lines.push(JSON.stringify(line))
  return lines.join('\n')
}

/** A site that knows of Zoé only that she is suppressed. */
async function knowingHash(reason: 'manual' | 'complaint' | 'unsubscribe'): Promise<TestMailshot> {
  const other = await openTestMailshot()
  await suppress(other, zoe, { reason, actor })
  const mailshot = await openTestMailshot()
  await bringIn(mailshot, await exported(other, true))
  expect(await hashes(mailshot)).toBe(1)
  return mailshot
}

async function hashes({ db }: TestMailshot): Promise<number> {
  return (await db.all(sql`SELECT 1 FROM suppressed_hashes`)).length
}

async function signUp(mailshot: TestMailshot) {
  return subscribe(mailshot, { email: zoe, lists: ['weekly'], consent: { source: 'form' } })
}
