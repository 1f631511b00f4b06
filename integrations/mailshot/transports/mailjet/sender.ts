import { MailshotError } from '../../error.ts'
import type { MailjetClient } from './client.ts'
import { type Fields, fieldsOf, textOf } from './fields.ts'
import { allRows, findRow, rowsOf } from './rest.ts'

/**
 * Logs in, and looks whether the account may send from this address.
 *
 * @throws MailshotError with cause and cure
 */
export async function verifyAccount(
  client: MailjetClient,
  from: string | undefined,
): Promise<void> {
  const senders = await rowsOf(client, { method: 'get', resource: 'sender', params: allRows })
  if (from === undefined || senders.some((row) => isActive(row) && covers(row, from))) return
  const state = senders.some((row) => covers(row, from)) ? 'not validated yet' : 'not registered'
  throw new MailshotError(
    `the sender ${from} is ${state} at Mailjet, which refuses its mails; mailshot sender register ${from} begins that`,
  )
}

/**
 * Makes an address, or all of a domain (`example.org`, `*@example.org`), a sender of the account, and has Mailjet look at what was
 * done for it. Answers what is left to do, a line each. Repeating it does no harm.
 *
 * @throws MailshotError with cause and cure
 */
export async function registerSender(client: MailjetClient, address: string): Promise<string[]> {
  const email = address.includes('@') ? address : `*@${address}`
  const senders = await rowsOf(client, { method: 'get', resource: 'sender', params: allRows })
  const isDone = senders.some((row) => isActive(row) && covers(row, email))
  const left = isDone ? [] : await validate(client, email, senders)
  return [...left, ...(await missingRecords(client, domainOf(email), isDone))]
}

async function validate(
  client: MailjetClient,
  email: string,
  senders: Fields[],
): Promise<string[]> {
  const known = senders.find(({ Email }) => isSame(Email, email))
  const [made] = known
    ? [known]
    : await rowsOf(client, { method: 'post', resource: 'sender', body: { Email: email } })
  const id = textOf(made?.['ID'])
  const [result = {}] = await rowsOf(client, {
    method: 'post',
    resource: 'sender',
    id,
    action: 'validate',
  })
  const method = textOf(result['ValidationMethod'])
  if (method === 'ActivationEmail') {
    return [`follow the link that Mailjet has just mailed to ${email}`]
  }
  // By DNS, a file, or the domain that is validated already.
  return method === '' ? await ownership(client, email, result) : []
}

/** What proves a domain: https://dev.mailjet.com/email/guides/senders-and-domains/. */
async function ownership(client: MailjetClient, email: string, result: Fields): Promise<string[]> {
  const domain = domainOf(email)
  const dns = await dnsOf(client, domain)
  const name = textOf(dns?.['OwnerShipTokenRecordName'])
  if (!email.startsWith('*@') || name === '') {
    const said = client.clean(textOf(result['GlobalError'])) || 'it gives no reason'
    return [`Mailjet has not validated ${email}: ${said}`]
  }
  const bare = name.replace(/\.$/, '')
  const full = bare.endsWith(`.${domain}`) ? bare : `${bare}.${domain}`
  return [`set a TXT record ${full} with the value ${textOf(dns?.['OwnerShipToken'])}`, again]
}

const again = 'then run this command once more, so that Mailjet looks for it'

/** The records that let receivers see that Mailjet may send for the domain. */
async function missingRecords(
  client: MailjetClient,
  domain: string,
  isChecked: boolean,
): Promise<string[]> {
  const dns = await dnsOf(client, domain)
  if (!dns) return []
  // Mailjet's own look may be days old.
  const check = isChecked ? await checkDns(client, textOf(dns['ID'])) : {}
  const { DKIMStatus, SPFStatus } = { ...dns, ...check }
  const lines: string[] = []
  if (DKIMStatus !== 'OK') {
    const name = textOf(dns['DKIMRecordName']).replace(/\.$/, '')
    lines.push(`set a TXT record ${name} with the value ${textOf(dns['DKIMRecordValue'])} (DKIM)`)
  }
  if (SPFStatus !== 'OK') {
    lines.push(
      `set a TXT record ${domain} with the value ${textOf(dns['SPFRecordValue'])} (SPF), or add its include: to the one there is`,
    )
  }
  return lines
}

async function dnsOf(client: MailjetClient, domain: string): Promise<Fields | undefined> {
  return await findRow(client, { method: 'get', resource: 'dns', id: domain })
}

async function checkDns(client: MailjetClient, id: string): Promise<Fields> {
  return fieldsOf(await findRow(client, { method: 'post', resource: 'dns', id, action: 'check' }))
}

function isActive({ Status }: Fields): boolean {
  return Status === 'Active'
}

/** A sender is one address, or `*@domain`. */
function covers({ Email }: Fields, address: string): boolean {
  return isSame(Email, address) || isSame(Email, `*@${domainOf(address)}`)
}

function isSame(one: unknown, other: string): boolean {
  return textOf(one).toLowerCase() === other.toLowerCase()
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
