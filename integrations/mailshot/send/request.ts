import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from '../compile.ts'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { requireTransport } from '../route.ts'
import type { StartOptions } from '../send.ts'
import { isSelected } from './audience.ts'
import { readSend, type Send } from './read.ts'
import { requireSelection, type Selection, selectionKey } from './selection.ts'
import { checkTime } from './time.ts'

/** A start, checked against the config and the database. */
export interface SendRequest extends Selection {
  slug: string
  hash: string
  audience: Send['audience']
  onlyTo: string | null
  at: number | undefined
  until: number | undefined
  localTime: string | undefined
  replaces: string | undefined
  triggerKey: string
}

/** @throws MailshotError as `startSend` does, for what the request itself says */
export async function checkRequest(
  mailshot: Mailshot,
  compiled: CompiledCampaign,
  options: StartOptions,
): Promise<SendRequest> {
  const { slug, hash } = compiled
  // One that is named twice is the same mailing, so it must be the same trigger.
  const lists = [...new Set(options.lists ?? compiled.lists)]
  const known = Object.keys(mailshot.config.lists)
  const unknown = lists.find((list) => !known.includes(list))
  if (unknown !== undefined) {
    throw new MailshotError(
      `campaign ${slug}: list "${unknown}" is not in mailshot.config.ts (known: ${known.join(', ')})`,
      { code: 'unknown-list' },
    )
  }
  if (lists.length === 0) {
    throw new MailshotError(
      `campaign ${slug}: it names no list; write "lists: [${known[0] ?? 'weekly'}]" in its front matter, or use --list`,
      { code: 'no-list' },
    )
  }
  requireTransport(mailshot.config, compiled)
  const onlyTo = options.onlyTo === undefined ? null : await checkOnlyTo(mailshot, options, lists)
  const planned = typeof compiled.send === 'object' ? compiled.send.at : undefined
  const at = checkTime(slug, options.at ?? planned)
  const until = checkTime(slug, compiled.until)
  const { send } = compiled
  const localTime = options.at === undefined && typeof send === 'object' ? send.local : undefined
  const audience = options.audience ?? 'first'
  const replaces = await checkReplaced(mailshot, slug, options.replaces)
  // Whoever is named is meant, whatever the campaign's conditions say.
  const selection = await requireSelection(mailshot, slug, {
    lists,
    segment: onlyTo === null ? (options.segment ?? compiled.segment) : undefined,
    exclude: onlyTo === null ? (options.exclude ?? compiled.exclude) : undefined,
  })
  const request = { slug, hash, audience, onlyTo, at, until, localTime, replaces, ...selection }
  return { ...request, triggerKey: await triggerKeyOf(mailshot, request) }
}

async function checkOnlyTo(
  mailshot: Mailshot,
  options: StartOptions,
  lists: string[],
): Promise<string> {
  const address = parseEmailAddress(options.onlyTo ?? '')
  if (!address) {
    throw new MailshotError(`"${options.onlyTo}" is not an e-mail address`, { code: 'no-reader' })
  }
  if (await isSelected(mailshot, address.identity, lists)) return address.identity
  throw new MailshotError(
    `${address.identity} is not an active subscriber of ${lists.join(', ')}, or is suppressed, so it gets no send; ` +
      'to look at the mail there, use: mailshot test',
    { code: 'no-reader' },
  )
}

/** A trigger that is repeated finds what it replaced cancelled already. */
async function checkReplaced(
  mailshot: Mailshot,
  slug: string,
  id: string | undefined,
): Promise<string | undefined> {
  if (id === undefined) return undefined
  const { status, startedAt, ...send } = await readSend(mailshot, id)
  const isUnstarted = startedAt === null && (status === 'scheduled' || status === 'cancelled')
  if (isUnstarted && send.id === id && send.slug === slug && send.onlyTo === null) return id
  throw new MailshotError(
    `campaign ${slug}: send ${id} is ${status}, and only a send of the campaign that has not started can be replaced; ` +
      `cancel it (mailshot cancel ${id}) and start the correction with --again`,
    { code: 'send-started' },
  )
}

/**
 * What makes two triggers one. A repeat (`--again`) counts the sends of the same kind that have ended; a replacement is
 * that of one send.
 */
async function triggerKeyOf(
  mailshot: Mailshot,
  request: Omit<SendRequest, 'triggerKey'>,
): Promise<string> {
  const base = [request.slug, request.hash, selectionKey(request), request.onlyTo ?? '']
  const digest = createHash('sha256').update(base.join('\n')).digest('hex').slice(0, 32)
  if (request.replaces !== undefined) return `${digest}.${request.replaces}`
  if (request.audience === 'first') return digest
  const repeats = await mailshot.db.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM sends
        WHERE slug = ${request.slug} AND trigger_key >= ${digest} AND trigger_key < ${`${digest}~`}
          AND status IN ('done', 'cancelled')`,
  )
  return `${digest}.${repeats?.count ?? 0}`
}
