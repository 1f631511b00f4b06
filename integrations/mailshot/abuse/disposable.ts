import { sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { domainOf, parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'

let known: Promise<Set<string>> | undefined

/** Whether a mail domain, or one above it, belongs to a service for throw-away mail. The list is read at the first question. */
export async function isDisposable(domain: string): Promise<boolean> {
  known ??= read()
  const domains = await known
  const labels = domain.split('.')
  return labels.slice(0, -1).some((_, index) => domains.has(labels.slice(index).join('.')))
}

/** Notes in the audit, once, of a person who signed up with an address for throw-away mail, where the site wants that noted. */
export async function flagDisposable(
  mailshot: Mailshot,
  subscriberId: number,
  email: string,
): Promise<void> {
  const domain = domainOf(parseEmailAddress(email)?.identity ?? '')
  if (mailshot.config.abuse.disposable !== 'flag' || !(await isDisposable(domain))) return
  const subject = `subscriber:${subscriberId}`
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: 'page',
      action: 'flag',
      subject,
      detail: { disposable: domain },
      when: sql`NOT EXISTS (SELECT 1 FROM audit WHERE subject = ${subject} AND action = 'flag')`,
    }),
  )
}

async function read(): Promise<Set<string>> {
  const { disposableEmailBlocklistSet } = await import('disposable-email-domains-js')
  return disposableEmailBlocklistSet()
}
