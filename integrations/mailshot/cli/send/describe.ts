import type { Campaign } from '../../campaign.ts'
import type { AudienceCount } from '../../send/audience.ts'
import type { SaidSelection } from '../../send/selection.ts'
import { localize, type MailshotConfig } from '../../config.ts'
import { count, formatTime } from '../format.ts'
import { printable } from '../terminal.ts'

export interface Described extends SaidSelection {
  /** How many it would mail; undefined where nobody tells. */
  people: AudienceCount | undefined
  onlyTo: string | undefined
  at: number | undefined
  /** How many images its mails show. */
  images: number
}

/** What somebody should see before a send starts: subjects, lists, audience, time and images. */
export function describeSend(
  config: MailshotConfig,
  campaign: Campaign,
  { lists, segment, exclude, people, at, onlyTo, images }: Described,
): string {
  const titles = lists.map((id) => {
    const title = config.lists[id]?.title
    return title === undefined ? id : `${id} (${localize(title, config.lang, config.lang)})`
  })
  const when = at === undefined ? 'now' : `${formatTime(at, config.timeZone)} (${config.timeZone})`
  const to = onlyTo ?? (people === undefined ? undefined : whom(people))
  const subjects = Object.values(campaign.variants).map(({ lang, subject }): [string, string] => [
    `subject ${lang}`,
    printable(subject.text),
  ])
  const lines: [string, string][] = [
    ...subjects,
    ['lists', titles.join(', ')],
    ...(segment === undefined ? [] : [['segment', printable(segment)] satisfies [string, string]]),
    ...(exclude ?? []).map((one): [string, string] => ['without', printable(one)]),
    ...(to === undefined ? [] : ([['to', to]] satisfies [string, string][])),
    ['when', when],
    ...(images > 0 ? [imagesLine(config, images)] : []),
  ]
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n')
}

/** `3 readers of 10 (and 1 who takes a break)`; without a number, all that the lists reach. */
export function whom(people: AudienceCount | undefined): string {
  if (people === undefined) return 'the readers of its lists'
  const { readers, paused, of } = people
  const number = count(readers, 'reader')
  const some = readers === of ? number : `${number} of ${of.toLocaleString('en')}`
  if (paused === 0) return some
  return `${some} (${paused.toLocaleString('en')} more ${paused === 1 ? 'takes' : 'take'} a break)`
}

/** That a send would mail nobody. */
export function nobody(slug: string, { of }: AudienceCount): string {
  const why =
    of === 0
      ? 'nobody is on its lists, or all are suppressed'
      : `of the ${count(of, 'reader')} of its lists, none fits its segment, or all have got it or take a break`
  return `${slug}: nobody would get it: ${why}`
}

function imagesLine({ site, base }: MailshotConfig, images: number): [string, string] {
  return ['images', `${images}; it starts once ${site}${base}/media serves them`]
}
