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
