/** A reader's own page. `{email}` is their address. */
export interface PreferencesTexts {
  heading: string
  intro: string
  /** Behind a list that they have left. */
  left: string
  lang: string
  /** Asks whether opens and clicks may be noted by name; the note says what that means, and how it ends. */
  tracking: string
  trackingNote: string
  save: string
  saved: string
  leftEverything: string
  pause: PauseTexts
}

/** No mail for a while. `{date}` is the day on which there is mail again. */
export interface PauseTexts {
  heading: string
  note: string
  until: string
  button: string
  wrongDay: string
  /** Said while there is one, above the button that ends it. */
  active: string
  end: string
  ended: string
}
