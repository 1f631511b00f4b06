import type { NoticeTexts } from '../texts.ts'

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
  fresh: FreshTexts
  address: AddressTexts
}

/** What a link opens that was asked for and mailed just now, and no other. `{email}` is the address it goes to. */
export interface FreshTexts {
  heading: string
  /** Above the button: what the link is for, and why that one. */
  note: string
  button: string
  asked: string
  /** Said of a link whose time is over. */
  over: string
  /** For whoever reads no mail there any more. */
  noMailbox: string
  /** For whoever gets no mail of ours. */
  keptOut: string
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

/** Asking for mail to go to another address. */
export interface AddressTexts {
  heading: string
  note: string
  email: string
  button: string
  asked: string
  same: string
  tooOften: string
}

/** The page that a new address is mailed a link to. `{email}` is the new one, `{lists}` what it will get. */
export interface ChangeAddressTexts {
  ready: NoticeTexts
  lists: string
  button: string
  changed: NoticeTexts
  expired: NoticeTexts
  ended: NoticeTexts
}

/** The page for whoever has no mail at hand. */
export interface SendLinksTexts {
  heading: string
  intro: string
  button: string
  asked: NoticeTexts
}

/** All that is held about a reader. `names` and `codes` say in words what the export calls by its own names. */
export interface DataTexts {
  heading: string
  note: string
  read: string
  keep: string
  erase: string
  title: string
  nothing: string
  /** Below all of it: that the file has some technical details besides. */
  more: string
  parts: Record<string, string>
  names: Record<string, string>
  codes: Record<string, string>
}

/** Erasing everything: what it means, the last question, and what follows. */
export interface EraseTexts {
  ask: NoticeTexts
  button: string
  sure: NoticeTexts
  sureButton: string
  back: string
  done: NoticeTexts
}
