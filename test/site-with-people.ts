import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { importSubscribers } from '../integrations/mailshot/import.ts'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { csv } from '../integrations/mailshot/sources/csv.ts'
import { testConfig } from './open-test-mailshot.ts'
import { openSite, type Site } from './run-mailshot.ts'
import {
  type ReceivedMail,
  type SmtpServerOptions,
  startSmtpServer,
  type TestSmtpServer,
} from './smtp-server.ts'

const people = `email;name;lang;city
zoe@example.org;Zoë d'Alembert;fr;L'Haÿ-les-Roses
bob@example.org;"Robert ""Bob"" Smith";en;King’s Lynn
eve@example.org;;en;
`

/** The fixture site with three subscribers on its weekly list, and a real SMTP server for its mails. */
export async function siteWithPeople(
  options: SmtpServerOptions = {},
  env: Record<string, string> = {},
): Promise<{ site: Site; smtp: TestSmtpServer }> {
  const smtp = await startSmtpServer(options)
  onTestFinished(() => smtp.close())
  const site = openSite('site', { SMTP_PORT: String(smtp.port), ...env })
  await fillSite(site)
  return { site, smtp }
}

/** Puts three subscribers on the weekly list; in this process, which is faster than two of the command line. */
export async function fillSite(site: Site): Promise<void> {
  const mailshot = await openMailshot(testConfig({}, site.folder), { create: true })
  const source = csv(Readable.from([Buffer.from(people)]), { fields: ['city'] })
  await importSubscribers(mailshot, source, { lists: ['weekly'], actor: 'test' })
  await mailshot.close()
}

/** All but the mails that tell the operator. */
export function mailsToPeople(smtp: TestSmtpServer): ReceivedMail[] {
  return smtp.messages.filter(({ envelope }) => envelope.to[0] !== 'operator@example.org')
}
