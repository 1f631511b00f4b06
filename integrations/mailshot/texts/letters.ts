import type { Counted } from './fill.ts'

/** Letters about a reader's own page and address. `{title}` is the site's, `{address}` where a person answers. */
export interface OwnLetterTexts {
  /** To a new address, with the one button that makes it theirs. */
  changeAddress: { subject: string; intro: string; button: string; ignore: string; expires: string }
  /** To the address of before. */
  addressChanged: { subject: string; intro: string; notYou: string }
  /** Asks all of a list whether they want to stay; `silence` says what no answer within `{days}` means. */
  reconsent: { subject: string; intro: string; button: string; silence: Counted; leave: string }
  /** To whoever asked for them; `fresh` says until when (`{date}`) the button opens more than the links of other mails do. */
  links: {
    subject: string
    intro: string
    button: string
    fresh: string
    leave: string
    ignore: string
  }
}
