import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from './compile.ts'
import { openBatch } from './deliver/batch.ts'
import { parseEmailAddress } from './email-address.ts'
import { MailshotError } from './error.ts'
import { type Mailshot, requireSecret } from './mailshot.ts'
import { composeMessage, type Reader } from './message.ts'
import { sampleReader } from './message/sample.ts'
import { limitedLanesTo } from './letter/slots.ts'
import { allowance, type Lane, returnSlotsStatement } from './pace.ts'
import { laneRowStatement } from './pace/state.ts'
import { isSuppressed } from './suppression.ts'
import { linkTo, signToken } from './token.ts'
import type { Message, Outcome } from './transport.ts'

export interface TestOutcome {
  address: string
  outcome: Outcome
}

/**
 * Mails a campaign to named addresses, marked `[TEST]`. It makes no recipients and counts nowhere, but its mails take
 * their slots of the pace like any others. Fields come from the subscriber where the address is one, else they are invented;
 * links of an address that is no subscriber lead nowhere.
 *
 * @throws MailshotError for a wrong address, and for a suppressed one unless `force`
 */
export async function sendTest(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  addresses: string[],
  options: { force?: boolean; lang?: string; signal?: AbortSignal } = {},
): Promise<TestOutcome[]> {
  requireSecret(mailshot.config)
  if (mailshot.held !== undefined) throw new MailshotError(`nothing is sent: ${mailshot.held}`)
  const readers: Reader[] = []
  for (const address of addresses) {
    readers.push(await readerFor(mailshot, campaign, address, options))
  }
  const outcomes: TestOutcome[] = []
  for (const [index, reader] of readers.entries()) {
    const message = composeTest(mailshot, campaign, reader, index)
    const signal = options.signal ?? new AbortController().signal
    outcomes.push({ address: reader.email, outcome: await handOver(mailshot, message, signal) })
  }
  return outcomes
}

async function readerFor(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  address: string,
  { force, lang }: { force?: boolean; lang?: string },
): Promise<Reader> {
  const parsed = parseEmailAddress(address)
  if (!parsed) throw new MailshotError(`"${address}" is not an e-mail address`)
  if (!force && (await isSuppressed(mailshot, parsed.identity))) {
    throw new MailshotError(
      `${parsed.identity} is suppressed, so it gets no mail; if it is your own, use --force`,
    )
  }
  const known = await subscriberFor(mailshot, parsed.identity)
  const { id = 0, name, attributes } = known ?? {}
  const { config } = mailshot
  const link = (page: 'unsubscribe' | 'preferences', ids: number[]) =>
    linkTo(config, page, signToken(config.secrets, page, ids))
  const urls = {
    unsubscribe: link('unsubscribe', [id, 0]),
    preferences: link('preferences', [id]),
    view: linkTo(config, 'view', signToken(config.secrets, 'view', [0])),
  }
  return sampleReader(config, campaign, {
    email: parsed.written,
    lang: lang ?? known?.lang ?? campaign.fallback,
    ...(name && { name }),
    ...(attributes && { attributes: JSON.parse(attributes) }),
    ...(known && { urls }),
  })
}

async function subscriberFor(mailshot: Mailshot, email: string) {
  return mailshot.db.get<{ id: number; name: string; lang: string | null; attributes: string }>(
    sql`SELECT id, name, lang, attributes FROM subscribers WHERE email = ${email}`,
  )
}

function composeTest(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  reader: Reader,
  index: number,
): Message {
  const { config } = mailshot
  const key = `test-${mailshot.now().toString(36)}.${index}`
  const host = config.from.address.slice(config.from.address.indexOf('@') + 1)
  return composeMessage(config, campaign, reader, {
    id: key,
    envelopeFrom: config.returnPath,
    messageId: `<${key}@${host}>`,
    subjectPrefix: '[TEST] ',
  })
}

async function handOver(
  mailshot: Mailshot,
  message: Message,
  signal: AbortSignal,
): Promise<Outcome> {
  const lanes = limitedLanesTo(mailshot, message.envelope.to)
  while (!(await takeSlot(mailshot, lanes))) {
    if (signal.aborted) return { status: 'deferred', scope: 'relay', reason: 'stopped' }
    await mailshot.sleep(500, signal)
  }
  const [outcome] = await mailshot.config.transport.send([message], signal)
  return outcome ?? { status: 'uncertain', reason: 'the transport gave no answer' }
}

/** The longest that a hand-over may take: its slot is counted from then on, since no row says that it is in hand. */
const handOverMs = 120_000

async function takeSlot(mailshot: Mailshot, lanes: Lane[]): Promise<boolean> {
  const [first, ...others] = lanes
  if (!first) return true
  const now = mailshot.now()
  const free = lanes.map((lane) => allowance(lane, 1, now))
  const allowed = sql`min(1, ${sql.join(free, sql`, `)})`
  const taken = openBatch()
  taken.add(...lanes.map(({ scope }) => laneRowStatement(scope)))
  const slots = taken.ask(
    sql`${returnSlotsStatement(first, allowed, now + handOverMs)} RETURNING slots`,
  )
  // All or none: what the first lane has given, the others must note.
  for (const lane of others) {
    taken.add(returnSlotsStatement(lane, sql`(changes() > 0)`, now + handOverMs))
  }
  await taken.write(mailshot.db)
  return slots().length > 0
}
