import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { findLetter, listLetters } from '../../integrations/mailshot/archive.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'

describe('the archive', () => {
  it('leaves out a letter that cannot be merged, and says so once', async () => {
    const { mailshot, lines } = await withReaders()
    await sendCampaign(mailshot, { 'good.md': markdown('x') })
    const send = await sendCampaign(mailshot, { 'broken.md': markdown('{{ nom | upcase }}') })
    await breakTemplates(mailshot)
    expect(await slugs(mailshot)).toEqual(['good'])
    expect(await slugs(mailshot, 'de-AT')).toEqual(['good'])
    expect(await findLetter(mailshot, { slug: 'broken' })).toBeUndefined()
    expect(await findLetter(mailshot, { slug: 'broken', lang: 'en' })).toBeUndefined()
    expect(lines).toEqual([
      expect.objectContaining({
        slug: 'broken',
        send: send.id,
        lang: 'fr',
        err: expect.objectContaining({ message: expect.stringContaining('nosuch') }),
        msg: 'a letter cannot be merged, so the archive leaves it out',
      }),
    ])
  })

  it('shows a letter in the languages that it can be merged in', async () => {
    const { mailshot } = await withReaders()
    const files = { 'a/fr.md': markdown('{{ nom | upcase }}'), 'a/en.md': markdown('Hello') }
    await sendCampaign(mailshot, files)
    await breakTemplates(mailshot)
    const [letter] = await listLetters(mailshot, { lang: 'fr' })
    expect(letter).toMatchObject({ lang: 'en', langs: ['en'] })
    expect(await findLetter(mailshot, { slug: 'a' })).toEqual(letter)
    expect(await findLetter(mailshot, { slug: 'a', lang: 'fr' })).toBeUndefined()
  })

  it('tries again after the database failed', async () => {
    const { mailshot } = await withReaders()
    await sendCampaign(mailshot, { 'a.md': markdown('x') })
    await mailshot.db.write(sql`ALTER TABLE snapshots RENAME TO away`)
    await expect(slugs(mailshot)).rejects.toThrow('snapshots')
    await mailshot.db.write(sql`ALTER TABLE away RENAME TO snapshots`)
    expect(await slugs(mailshot)).toEqual(['a'])
  })
})

/** With somebody on the weekly list, and what is logged. */
async function withReaders() {
  const opened = await openTestMailshot()
  await addReaders(opened, 1)
  const lines: unknown[] = []
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) })
  return { mailshot: { ...opened, log }, lines }
}

/** As a later version finds them that has a filter no more. */
async function breakTemplates(mailshot: Mailshot) {
  await mailshot.db.write(
    sql`UPDATE snapshots SET compiled = replace(compiled, 'upcase', 'nosuch')`,
  )
}

async function slugs(mailshot: Mailshot, lang = 'fr'): Promise<string[]> {
  return (await listLetters(mailshot, { lang })).map(({ slug }) => slug)
}
