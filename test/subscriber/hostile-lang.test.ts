import { sql } from 'drizzle-orm/sql'
import { assert, asyncProperty, constantFrom, oneof, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { confirm, subscribe } from '../../integrations/mailshot/subscriber.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { get, pageOf } from '../pages/visit.ts'
import { sendCampaign } from '../sent-campaign.ts'
import { ask, asked, lettersOf, placesOf } from './zoe.ts'

describe('a person whose stored language is any text', () => {
  it('confirms, gets letters and campaigns, and sees their page', async () => {
    await assert(asyncProperty(langs, livesWith), { numRuns: 20 })
  })

  it('may be who fills in the form', async () => {
    const mailshot = await openTestMailshot()
    await assert(
      asyncProperty(langs, async (lang) => {
        await expect(subscribe(mailshot, { ...ask, lang })).resolves.toBeDefined()
      }),
    )
  })
})

/** What is nearly a language, and what is none at all. */
const langs = oneof(
  constantFrom(
    'fr-be-nl',
    'eu-be-nl',
    'fr_BE',
    'zh-yue',
    'x-foo',
    'constructor',
    'de-u-co-phonebk',
  ),
  string({ unit: 'binary', minLength: 1 }),
)

async function livesWith(lang: string): Promise<void> {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  const { subscriberId } = await asked(mailshot)
  await mailshot.db.write(sql`UPDATE subscribers SET lang = ${lang}`)
  await confirm(mailshot, await confirmationOf(mailshot))
  expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
  await sendCampaign(mailshot, { 'a.md': markdown('{{ "2026-12-01" | date: "%d %B" }}') })
  await deliver(mailshot, { untilDone: true })
  const mails = transport.sentTo(ask.email)
  // What asks to confirm, what says welcome, and the campaign.
  expect(
    mails.map(({ campaign }) => campaign ?? '').toSorted((a, b) => a.localeCompare(b)),
  ).toEqual(['', '', 'a'])
  const token = signToken([testSecret], 'preferences', [subscriberId])
  const page = await preferencesPage(mailshot, get(`preferences/${token}`), token)
  expect(pageOf(page).status).toBe(200)
}

async function confirmationOf(mailshot: TestMailshot): Promise<string> {
  const [letter] = await lettersOf(mailshot, 'confirmation')
  return letter?.values['url']?.split('/').at(-1) ?? ''
}
