import { localize, type MailshotConfig } from '../config.ts'
import type { LetterKind } from '../letter.ts'
import { fill, textsFor } from '../texts.ts'
import type { LetterContent, ReaderLetter } from './content.ts'

/** The letters about a reader's own page and address. */
export type OwnLetterKind = Extract<LetterKind, 'change-address' | 'address-changed' | 'links'>

/** What they say, in our words. */
export function ownContent(
  config: MailshotConfig,
  letter: ReaderLetter & { kind: OwnLetterKind },
): LetterContent {
  const { changeAddress, addressChanged, links } = textsFor(config, letter.lang).letters
  const { address } = config.replyTo ?? config.from
  const title = localize(config.title, letter.lang, config.lang)
  const words = (text: string) => fill(text, { ...letter.values, address, title })
  const url = letter.values['url'] ?? config.site
  switch (letter.kind) {
    case 'change-address':
      return {
        subject: words(changeAddress.subject),
        paragraphs: [words(changeAddress.intro)],
        button: { label: changeAddress.button, url },
        notes: [words(changeAddress.ignore), words(changeAddress.expires)],
      }
    case 'address-changed':
      return {
        subject: words(addressChanged.subject),
        paragraphs: [words(addressChanged.intro), words(addressChanged.notYou)],
      }
    case 'links':
      return {
        subject: words(links.subject),
        paragraphs: [words(links.intro)],
        button: { label: links.button, url },
        notes: [words(links.fresh), words(links.leave), words(links.ignore)],
      }
  }
}
