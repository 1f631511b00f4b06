import { readFileSync } from 'node:fs'
import { simpleParser } from 'mailparser'
import type { CompiledCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfig } from '../integrations/mailshot/config.ts'
import { readerOf } from '../integrations/mailshot/deliver/compose.ts'
import { composeMessage } from '../integrations/mailshot/message.ts'
import { numberOf, personOf } from './people.ts'

/** A mail as the sink kept it. */
export interface KeptMail {
  to: string
  raw: Buffer
}

/** The mails to readers in a file that the drop sink has kept; the operator's letters are left out. */
export function readKept(file: string): KeptMail[] {
  const bytes = readFileSync(file)
  const mails: KeptMail[] = []
  for (let at = 0; at < bytes.length;) {
    const start = bytes.indexOf('\n', bytes.indexOf('\n', at) + 1) + 1
    const [recipient = '', length = ''] = bytes.toString('latin1', at, start).split('\n')
    const to = /<(.*)>/.exec(recipient)?.[1] ?? ''
    at = start + Number(length)
    // They begin with the line end of DATA.
    mails.push({ to, raw: bytes.subarray(start + 2, at) })
  }
  return mails.filter(({ to }) => !Number.isNaN(numberOf(to)))
}

/**
 * Makes sure that the mails are what their readers were to get: both parts as the campaign renders for that person, in the
 * envelope, header and links of that person. A sample, so that speed is never that of wrong mails.
 *
 * @throws Error that says what is wrong in which mail
 */
export async function verifyMails(
  mails: readonly KeptMail[],
  config: MailshotConfig,
  compiled: CompiledCampaign,
): Promise<void> {
  if (mails.length === 0) throw new Error('no mail was kept to look at')
  const addresses = new Set(mails.map(({ to }) => to))
  for (const { to, raw } of mails) {
    const { wanted, html, text, subject, address, leave } = await readMail(raw, config, compiled)
    expectSame(to, 'recipient', address, to)
    expectSame(to, 'subject', subject, wanted.subject)
    expectSame(to, 'HTML', html, wanted.html)
    expectSame(to, 'text', text, wanted.text)
    expectSame(to, 'List-Unsubscribe', leave, wanted.headers['List-Unsubscribe'] ?? '')
  }
  console.log(
    `verified: ${mails.length} of the mails that were taken, to ${addresses.size} readers`,
  )
}

async function readMail(raw: Buffer, config: MailshotConfig, compiled: CompiledCampaign) {
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipHtmlToText: true })
  const to = Array.isArray(mail.to) ? mail.to[0] : mail.to
  const address = to?.value[0]?.address ?? ''
  const list = mail.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line ?? ''
  return {
    wanted: messageFor(numberOf(address), config, compiled),
    html: mail.html === false ? '' : mail.html,
    text: mail.text ?? '',
    subject: mail.subject ?? '',
    address,
    leave: list.replace(/^[^:]*:\s*/, '').replace(/\r\n\s*/g, ''),
  }
}

/** What person n gets, rendered; recipients are numbered as the readers are. */
export function messageFor(n: number, config: MailshotConfig, compiled: CompiledCampaign) {
  const { email, attributes } = personOf(n)
  const reader = readerOf(config, {
    id: n,
    sendId: 'bench',
    subscriberId: n,
    written: email,
    name: attributes.firstname,
    lang: 'fr',
    attributes,
    lists: ['weekly'],
  })
  return composeMessage(config, compiled, reader, {
    id: `bench.${n}`,
    envelopeFrom: config.returnPath,
    messageId: `<bench.${n}@example.org>`,
  })
}

function expectSame(mail: string, what: string, got: string, wanted: string): void {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trimEnd()
  if (plain(got) === plain(wanted)) return
  throw new Error(`${mail}: the ${what} is not what it was to be:\n${got}\n\nbut\n\n${wanted}`)
}
