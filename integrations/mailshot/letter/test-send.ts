import type { Mailshot } from '../mailshot.ts'
import {
  handOverTest,
  requireSending,
  testAddress,
  testMarks,
  type TestOptions,
  type TestOutcome,
} from '../test-send.ts'
import type { Message, Outcome } from '../transport.ts'
import type { SampleLetter } from './sample.ts'
import { letterSite } from './way.ts'

/**
 * Mails a letter to named addresses, marked `[TEST]`, the way that letters go. It counts nowhere, and its links open nothing.
 *
 * @throws MailshotError for a wrong address, and for a suppressed one unless `force`
 */
export async function sendTestLetter(
  mailshot: Mailshot,
  letter: SampleLetter,
  addresses: string[],
  options: TestOptions = {},
): Promise<TestOutcome[]> {
  requireSending(mailshot)
  const mails: { address: string; message: Message }[] = []
  for (const [index, given] of addresses.entries()) {
    const { written, known } = await testAddress(mailshot, given, options)
    const lang = options.lang ?? known?.lang ?? letter.fallback
    const reader = { email: written, lang, ...(known?.name && { name: known.name }) }
    const message = letter.compose(reader, testMarks(mailshot, index))
    mails.push({ address: written, message })
  }
  const site = await letterSite(mailshot)
  const outcomes: TestOutcome[] = []
  for (const { address, message } of mails) {
    outcomes.push({ address, outcome: await handOver(site, message, options) })
  }
  return outcomes
}

/** The site's own mailer has no pace of ours. */
async function handOver(site: Mailshot, message: Message, options: TestOptions): Promise<Outcome> {
  const { mailer } = site.config
  if (!mailer) return handOverTest(site, message, options)
  const [outcome] = await mailer.send([message], options.signal ?? new AbortController().signal)
  return outcome ?? { status: 'uncertain', reason: 'the mailer gave no answer' }
}
