import type { NoticeTexts } from '../texts.ts'

/** What the site's own fields ask for, on a sign-up form or on a reader's own page. `{label}` is the field's, quoted. */
export interface FieldTexts {
  /** The first entry of a list of answers. */
  choose: string
  yes: string
  no: string
  missing: string
  missingChoice: string
  missingConsent: string
  wrongChoice: string
  wrongNumber: string
  wrongDate: string
  tooLong: string
}

/** The page where a reader invites others. `{number}` is that of the address. */
export interface InviteTexts {
  heading: string
  intro: string
  guest: string
  /** Between the label of an address and what is wrong with it. */
  separator: string
  choose: string
  note: string
  button: string
  done: NoticeTexts
  closed: NoticeTexts
  tooMany: NoticeTexts
}
