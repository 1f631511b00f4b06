import { existsSync } from 'node:fs'
import { type Campaign, inspectCampaign, type Problem } from '../campaign.ts'
import { warningAt } from '../campaign/problem.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { readCondition } from '../segment.ts'
import type { AudienceCount } from '../send/audience.ts'
import { count } from './format.ts'
import { type SendDesk, withDeskOf } from './send-desk.ts'
import type { Terminal } from './terminal.ts'

interface Checked {
  slug: string
  problems: Problem[]
}

/** By campaign, and by segment of the settings. */
export interface ReaderCounts {
  campaigns: Map<string, AudienceCount>
  segments: Map<string, AudienceCount>
}

/**
 * Counts the readers of campaigns that say more of them than their lists, by the site that `--server` names, or the database file
 * here, if there is one; and with `segments` those of each segment of the settings, of all lists. One that nobody would get, or whose
 * readers cannot be counted, becomes a warning. Those with errors, and those that were sent, are left out.
 */
export async function countReaders(
  config: MailshotConfig,
  call: { values: { server?: string | undefined }; terminal: Terminal },
  { results, segments }: { results: readonly Checked[]; segments: boolean },
): Promise<ReaderCounts> {
  const counts: ReaderCounts = { campaigns: new Map(), segments: new Map() }
  const fine = results.filter(
    ({ slug, problems }) =>
      !slug.startsWith('letters/') && problems.every(({ severity }) => severity !== 'error'),
  )
  const some = await selective(config, fine)
  const named = segments ? Object.keys(config.segments) : []
  if (some.length + named.length === 0) return counts
  if (call.values.server === undefined && !isHere(config)) return counts
  try {
    await withDeskOf(config, call, async (desk) => {
      for (const { campaign, problems } of some) {
        const people = await countOne(desk, campaign, problems)
        if (people) counts.campaigns.set(campaign.slug, people)
      }
      for (const name of named) {
        const people = await countSegment(desk, config, { name, terminal: call.terminal })
        if (people) counts.segments.set(name, people)
      }
    })
  } catch (error) {
    // The campaigns were checked all the same; what keeps a database from being opened is another command's to say.
    if (!(error instanceof MailshotError) || call.values.server !== undefined) throw error
    call.terminal.note(`Readers are not counted: ${error.message}`)
  }
  return counts
}

interface Selective {
  campaign: Campaign
  problems: Problem[]
}

async function selective(
  config: MailshotConfig,
  results: readonly Checked[],
): Promise<Selective[]> {
  const read = await Promise.all(
    results.map(async ({ slug, problems }) => {
      const { campaign } = await inspectCampaign(config, slug)
      return campaign && { campaign, problems }
    }),
  )
  return read.filter(
    (one): one is Selective =>
      one?.campaign.segment !== undefined || (one?.campaign.exclude ?? []).length > 0,
  )
}

async function countOne(
  desk: SendDesk,
  campaign: Campaign,
  problems: Problem[],
): Promise<AudienceCount | undefined> {
  const { slug, lists, segment, exclude } = campaign
  const sends = await desk.list(slug)
  if (sends.some(({ status, onlyTo }) => onlyTo === null && status === 'done')) return undefined
  const place = { file: Object.values(campaign.variants)[0]?.file ?? slug, line: 1 }
  try {
    const people = await desk.countAudience({ slug, hash: '' }, { lists, segment, exclude })
    if (people?.readers === 0) {
      const why = `of the ${count(people.of, 'reader')} of its lists, none fits its segment`
      problems.push(warningAt(place, 'nobody would get it', why, 'say it in wider words'))
    }
    return people
  } catch (error) {
    if (!(error instanceof MailshotError) || error.code !== 'invalid') throw error
    problems.push(
      warningAt(
        place,
        'its readers cannot be counted yet',
        error.message,
        'mend it before it is sent',
      ),
    )
    return undefined
  }
}

/** Spelled out, since the site may not know it yet. */
async function countSegment(
  desk: SendDesk,
  config: MailshotConfig,
  { name, terminal }: { name: string; terminal: Terminal },
): Promise<AudienceCount | undefined> {
  const read = readCondition(name, config)
  if ('wrong' in read) return undefined
  const lists = Object.keys(config.lists)
  try {
    return await desk.countAudience({ slug: '', hash: '' }, { lists, segment: read.condition })
  } catch (error) {
    if (!(error instanceof MailshotError) || error.code !== 'invalid') throw error
    terminal.warn(`segment ${name} cannot be counted: ${error.message.replace(/^campaign : /, '')}`)
    return undefined
  }
}

function isHere({ database }: MailshotConfig): boolean {
  return (
    database.startsWith('file:') && existsSync(database.slice('file:'.length).split('?')[0] ?? '')
  )
}
