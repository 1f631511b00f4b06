import { type SQL, sql } from 'drizzle-orm/sql'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { explainFault, readCondition, segmentSql } from '../segment.ts'
import { countPeople } from '../send/audience.ts'
import { unknownMails } from '../send/known-mails.ts'
import {
  listSubscribers,
  type Subscriber,
  type SubscriberQuery,
  type Subscription,
} from '../subscriber/read.ts'
import { allLists, parseLists } from './arguments.ts'
import { type ExitCode, exitCodes } from './command.ts'
import { isoTime } from './format.ts'
import { whom } from './send/describe.ts'
import { printList } from './table.ts'
import type { Terminal } from './terminal.ts'

interface Call {
  values: {
    list?: string[] | undefined
    status?: string | undefined
    segment?: string | undefined
  }
  terminal: Terminal
}

/** Lists people, page by page. */
export async function listPeople(
  { values, terminal }: Call,
  mailshot: Mailshot,
): Promise<ExitCode> {
  const lists = await listsNamed(values, mailshot)
  const status = values.status === undefined ? undefined : parseStatus(values.status)
  const where = values.segment === undefined ? undefined : await segmentOf(mailshot, values.segment)
  const query = { ...(lists && { lists }), ...(status && { status }), ...(where && { where }) }
  const isAll = Object.keys(query).length === 0
  for await (const page of pages(mailshot, query)) {
    printList(terminal, page, {
      heading: ['address', 'name', 'lang', 'lists', 'suppressed'],
      cells: (one) => [one.email, one.name, one.lang ?? '', listsOf(one), one.suppressed ?? ''],
      json: jsonOf,
      empty: isAll ? 'Nobody yet: mailshot import people.csv --list ID' : 'Nobody is like that.',
    })
  }
  return exitCodes.done
}

/** Counts who gets mail, and of them those of a segment. */
export async function countReaders(
  { values, terminal }: Call,
  mailshot: Mailshot,
): Promise<ExitCode> {
  const lists = (await listsNamed(values, mailshot)) ?? Object.keys(mailshot.config.lists)
  const where = values.segment === undefined ? sql`true` : await segmentOf(mailshot, values.segment)
  const people = await countPeople(mailshot, lists, { where })
  if (terminal.json) terminal.printJson({ lists, segment: values.segment, ...people })
  else terminal.print(`${whom(people)} (${lists.join(', ')})`)
  return exitCodes.done
}

async function segmentOf(mailshot: Mailshot, text: string): Promise<SQL> {
  const { config, now } = mailshot
  const { timeZone, lang } = config
  return segmentSql(await readSegment(mailshot, text), config, { now: now(), timeZone, lang })
}

/**
 * The condition of `--segment`.
 *
 * @throws MailshotError that shows where it is wrong, or says what nobody knows of the mails it asks about
 */
export async function readSegment(mailshot: Mailshot, text: string): Promise<string> {
  const read = readCondition(text, mailshot.config)
  if ('wrong' in read) throw new MailshotError(`--segment: ${explainFault(text, read.wrong)}`)
  const wrong = await unknownMails(mailshot, [read.condition])
  if (wrong !== undefined) throw new MailshotError(`--segment: ${wrong}`)
  return read.condition
}

async function* pages(mailshot: Mailshot, query: SubscriberQuery): AsyncGenerator<Subscriber[]> {
  const limit = 1000
  let afterId = 0
  for (;;) {
    const page = await listSubscribers(mailshot, { ...query, afterId, limit })
    if (page.length > 0 || afterId === 0) yield page
    if (page.length < limit) return
    afterId = page.at(-1)?.id ?? afterId
  }
}

/** A closed list too: people may still be on it. */
export async function listsNamed({ list: texts }: Call['values'], mailshot: Mailshot) {
  return texts && parseLists(texts, await allLists(mailshot))
}

function parseStatus(text: string): Subscription['status'] {
  if (text === 'pending' || text === 'active' || text === 'unsubscribed') return text
  throw new MailshotError(`--status ${text}: it is one of pending, active, unsubscribed`)
}

function listsOf({ subscriptions }: Subscriber): string {
  return subscriptions
    .map((one) => (one.status === 'active' ? one.list : `${one.list} (${one.status})`))
    .join(', ')
}

/** A person as JSON. */
export function jsonOf({ createdAt, subscriptions, ...person }: Subscriber) {
  return {
    ...person,
    createdAt: isoTime(createdAt),
    subscriptions: subscriptions.map(({ askedAt, activeAt, endedAt, ...one }) => ({
      ...one,
      askedAt: isoTime(askedAt),
      activeAt: isoTime(activeAt),
      endedAt: isoTime(endedAt),
    })),
  }
}
