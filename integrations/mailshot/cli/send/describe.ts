import type { Campaign } from '../../campaign.ts'
import { localize, type MailshotConfig } from '../../config.ts'
import { count, formatTime } from '../format.ts'
import { printable } from '../terminal.ts'

export interface Described {
  lists: string[]
  /** How many it would mail; undefined where nobody tells. */
  people: number | undefined
  onlyTo: string | undefined
  at: number | undefined
  /** How many images its mails show. */
  images: number
}

/** What somebody should see before a send starts: subjects, lists, audience, time and images. */
export function describeSend(
  config: MailshotConfig,
  campaign: Campaign,
  { lists, people, at, onlyTo, images }: Described,
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
    ...(to === undefined ? [] : ([['to', to]] satisfies [string, string][])),
    ['when', when],
    ...(images > 0 ? [imagesLine(config, images)] : []),
  ]
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n')
}

/** `3 people`; without a number, all that the lists reach. */
export function whom(people: number | undefined): string {
  return people === undefined ? 'the readers of its lists' : count(people, 'person', 'people')
}

function imagesLine({ site, base }: MailshotConfig, images: number): [string, string] {
  return ['images', `${images}; it starts once ${site}${base}/media serves them`]
}
