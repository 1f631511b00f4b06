import { localeOf } from '../campaign/language-tag.ts'
import type { MailshotConfig } from '../config.ts'
import type { LetterKind } from '../letter.ts'

/** Until when the link of a letter works, as that is said in a language: a day, and of links that live for one the hour, too. */
export function letterDate(
  { timeZone }: Pick<MailshotConfig, 'timeZone'>,
  { kind, until }: { kind: LetterKind; until: number },
  lang: string,
): string {
  const hour = kind === 'links' ? ({ timeStyle: 'short' } as const) : {}
  const style = { dateStyle: 'long', ...hour, timeZone } as const
  return new Intl.DateTimeFormat(localeOf(lang), style).format(until)
}
