/** What keeps robots and slips out of a form. */
export interface AbuseTexts {
  /** Above a form that was sent too fast, too late or with its hidden field filled in: once more, please. */
  press: string
  /** Beside the field that nobody sees. */
  trap: string
  /** Beside a mistyped address, and the two buttons: `{suggestion}` and `{email}` are whole addresses. */
  mistyped: string
  use: string
  keep: string
  /** Beside an address for throw-away mail. */
  disposable: string
  /** Beside an address at a `{domain}` that takes no mail. */
  noMail: string
}
