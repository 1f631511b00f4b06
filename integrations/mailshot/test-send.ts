import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from './compile.ts'
import { domainOf, parseEmailAddress } from './email-address.ts'
import { MailshotError } from './error.ts'
import { type Mailshot, requireSecret } from './mailshot.ts'
import { composeMessage, type Reader } from './message.ts'
import { sampleReader } from './message/sample.ts'
import { type Reservation, reserveSlots, returnReservation } from './pace/single.ts'
import { routeOf, wayOf } from './route.ts'
import { isSuppressed } from './suppression.ts'
import { linkTo, signToken } from './token.ts'
import type { Message, Outcome } from './transport.ts'

export interface TestOutcome {
  address: string
  outcome: Outcome
}

export interface TestOptions {
  /** Mails also to addresses that are suppressed. */
  force?: boolean
  lang?: string
  signal?: AbortSignal
  /** Told what a mail has to wait for, before it does. */
  onWait?: ((waitsFor: string) => void) | undefined
}

/**
 * Mails a campaign to named addresses, marked `[TEST]`. It makes no recipients and counts nowhere, but its mails take
 * their slots of the pace like any others. Fields come from the subscriber where the address is one, else they are invented;
 * links of an address that is no subscriber lead nowhere. One that finds no slot within minutes is given up, as deferred.
 *
 * @throws MailshotError for a wrong address, and for a suppressed one unless `force`
 */
export async function sendTest(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  addresses: string[],
  options: TestOptions = {},
): Promise<TestOutcome[]> {
  requireSending(mailshot)
  const readers: Reader[] = []
  for (const address of addresses) {
    readers.push(await readerFor(mailshot, campaign, address, options))
  }
  const { config } = wayOf(
    mailshot.config,
    routeOf(mailshot.config, campaign, campaign.lists[0] ?? ''),
  )
  const routed = { ...mailshot, config }
  const outcomes: TestOutcome[] = []
  for (const [index, reader] of readers.entries()) {
    const message = composeTest(mailshot, campaign, reader, index)
    const outcome = await handOverTest(routed, message, options)
    outcomes.push({ address: reader.email, outcome })
  }
  return outcomes
}

/** @throws MailshotError where no mail may leave, not even a test */
export function requireSending({ config, held }: Mailshot): void {
  requireSecret(config)
  if (held !== undefined) throw new MailshotError(`nothing is sent: ${held}`)
}

async function readerFor(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  address: string,
  options: TestOptions,
): Promise<Reader> {
  const { written, known } = await testAddress(mailshot, address, options)
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
    email: written,
    lang: options.lang ?? known?.lang ?? campaign.fallback,
    ...(name && { name }),
    ...(attributes && { attributes: JSON.parse(attributes) }),
    ...(known && { urls }),
  })
}

/**
 * An address that a test goes to, as written, and whose it is.
 *
 * @throws MailshotError for a wrong one, and for a suppressed one unless `force`
 */
export async function testAddress(mailshot: Mailshot, address: string, { force }: TestOptions) {
  const parsed = parseEmailAddress(address)
  if (!parsed) throw new MailshotError(`"${address}" is not an e-mail address`)
  if (!force && (await isSuppressed(mailshot, parsed.identity))) {
    throw new MailshotError(
      `${parsed.identity} is suppressed, so it gets no mail; if it is your own, use --force`,
    )
  }
  return { written: parsed.written, known: await subscriberFor(mailshot, parsed.identity) }
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
  const marks = testMarks(mailshot, index)
  return composeMessage(config, campaign, reader, { ...marks, envelopeFrom: config.returnPath })
}

/** What tells the n-th test mail of a command from all others. */
export function testMarks({ config, now }: Mailshot, index: number) {
  const id = `test-${now().toString(36)}.${index}`
  const messageId = `<${id}@${domainOf(config.from.address)}>`
  return { id, messageId, subjectPrefix: '[TEST] ' }
}

/** The longest that a hand-over is taken to last: where a process died in it, its slots are counted until then. */
const handOverMs = 120_000
/** The longest that a person waits for a slot of one mail. */
const patienceMs = 300_000

/** Hands one mail to the site's transport, once it has its slots. */
export async function handOverTest(
  mailshot: Mailshot,
  message: Message,
  { signal = new AbortController().signal, onWait }: TestOptions,
): Promise<Outcome> {
  const reservation = await waitForSlots(mailshot, message.envelope.to, { signal, onWait })
  if ('reason' in reservation) return reservation
  try {
    const [outcome] = await mailshot.config.transport.send([message], signal)
    return outcome ?? { status: 'uncertain', reason: 'the transport gave no answer' }
  } finally {
    await returnReservation(mailshot, reservation)
  }
}

async function waitForSlots(
  mailshot: Mailshot,
  email: string,
  { signal, onWait }: Pick<TestOptions, 'onWait'> & { signal: AbortSignal },
): Promise<Reservation | (Outcome & { reason: string })> {
  const began = mailshot.now()
  let told = ''
  for (;;) {
    const reservation = await reserveSlots(mailshot, email, handOverMs)
    if (!('waitsFor' in reservation)) return reservation
    const { waitsFor } = reservation
    if (waitsFor !== told) onWait?.(waitsFor)
    told = waitsFor
    const waited = mailshot.now() - began
    if (signal.aborted || waited >= patienceMs) {
      const given = signal.aborted ? 'stopped' : `given up after ${patienceMs / 60_000} minutes`
      return { status: 'deferred', scope: 'relay', reason: `${given}: ${waitsFor}` }
    }
    await mailshot.sleep(500, signal)
  }
}
