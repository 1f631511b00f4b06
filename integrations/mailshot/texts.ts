import { changed, type TextChanges } from './texts/changes.ts'
import type { AbuseTexts } from './texts/abuse.ts'
import type { FieldTexts, InviteTexts } from './texts/form.ts'
import type { OwnLetterTexts } from './texts/letters.ts'
import type { WhyTexts } from './texts/leave.ts'
import type {
  ChangeAddressTexts,
  DataTexts,
  EraseTexts,
  PreferencesTexts,
  SendLinksTexts,
} from './texts/preferences.ts'
import type { Counted } from './texts/fill.ts'
import type { StayTexts } from './texts/stay.ts'
import { english, languages } from './texts/languages.ts'

export { fill } from './texts/fill.ts'

/** All that a reader of one language gets to read from us, apart from what an author wrote. One file a language. */
export interface Texts {
  lang: string
  dir: 'ltr' | 'rtl'
  /** Around a campaign: `{{ words.… }}` in layouts and campaigns. Merge fields may stand in them. */
  mail: {
    unsubscribe: string
    preferences: string
    view_in_browser: string
    why: string
  }
  /** Single mails. Placeholders in braces are filled by the letter: `{title}`, `{lists}`, `{name}`. */
  letters: {
    /** What stands, in the text part, before the address of a button: `{label}` is the button's. */
    beforeLink: string
    confirmation: {
      subject: string
      intro: string
      button: string
      ignore: string
      expires: string
    }
    /** `{inviter}` is the address of the reader who invites; `nameless` where that reader is gone. */
    invitation: {
      subject: string
      intro: string
      nameless: string
      what: string
      button: string
      ignore: string
    }
    welcome: { subject: string; intro: string; leave: string; button: string }
    goodbye: { subject: string; intro: string; back: string; button: string }
  } & OwnLetterTexts
  /** So many, as `{recipients}` in the texts below. */
  recipients: Counted
  /** Mails to the operator about a send, by what happened. The button leads to its page; `commands` do the same. */
  alarms: Record<
    'started' | 'held' | 'paused' | 'done',
    { subject: string; paragraphs: string[]; button: string; commands: string }
  >
  /** A mail to the operator where the relay takes nothing for long. */
  resting: { subject: string; paragraphs: string[]; commands: string }
  /** A mail to the operator about a list that its function cannot be followed for: `{list}`, `{id}`, `{reason}`. */
  unsynced: { subject: string; paragraphs: string[]; commands: string }
  /** A mail to the operator about many sign-ups at once: `{count}` in an hour, usually `{usual}`; `{release}` is one of the two. */
  burst: {
    subject: string
    paragraphs: string[]
    released: string
    kept: string
    commands: string
  }
  /**
   * Mails to the operator about a send that goes wrong, or nearly: `paused`, a domain `held`, or no more than `warned`. `{cause}` is
   * one of the causes: `{count}` of `{of}` mails, `{share}` of them, `{limit}` allowed, to `{domain}`, within `{days}` days.
   */
  guard: Record<
    'paused' | 'held' | 'warned',
    { subject: string; paragraphs: string[]; button: string; commands: string }
  > & {
    causes: Record<
      'failures' | 'hard-bounces' | 'complaints' | 'complaint-warning' | 'domain',
      string
    >
    /** Before a cause that is about all sends of late. */
    late: Counted
  }
  /** Said where a send has ended at its end date. */
  givenUp: Counted
  /** Said where it came before the send could start. */
  endedUnstarted: string
  /** The pages readers meet. `{lists}`, `{email}` and the like are filled by the page. */
  pages: PageTexts
  /** The public archive, and a mail in the browser. `{title}`, `{date}` are filled by the page. */
  archive: ArchiveTexts
}

/** A page that has something to say and nothing to fill in. */
export interface NoticeTexts {
  heading: string
  paragraphs: string[]
}

export interface PageTexts {
  /** Around a list's title within a sentence. */
  quote: string
  /** Behind the label of a field that may stay empty. */
  optional: string
  /** Before the title of a page whose form has mistakes, and above the list of them. */
  mistake: string
  mistakes: string
  /** What the links to the same page in other languages are called together. */
  languages: string
  /** Behind a list whose confirmation is awaited. */
  pending: string
  /** What the site's own fields ask for: `{label}` is the field's, quoted. */
  fields: FieldTexts
  /** Where a page may lead. */
  links: {
    subscribe: string
    sendLinks: string
    preferences: string
    invite: string
    write: string
  }
  /** For links that are wrong, of a test mail, or of somebody who is not known any more. */
  lost: NoticeTexts
  test: NoticeTexts
  gone: NoticeTexts
  /** In place of a page: nothing was done. `{site}` is ours, `{allow}` the methods that an address has, `{when}` how long to wait. */
  refusals: Record<
    'noForm' | 'tooLarge' | 'foreignForm' | 'wrongMethod' | 'tooMany' | 'broken',
    NoticeTexts
  >
  /** What keeps robots and slips out of a form. */
  abuse: AbuseTexts
  /** For an address that gets nothing: by complaint or the operator's decision, or because mail came back. */
  blocked: NoticeTexts
  bounced: NoticeTexts
  form: {
    choose: string
    /** In place of the choice, where there is none. */
    one: string
    /** Beside the box in a form of another kind. */
    box: string
    email: string
    name: string
    note: string
    button: string
    noEmail: string
    wrongEmail: string
    noList: string
  }
  subscribe: {
    heading: string
    intro: string
    /** In its place, where all that the address asks for is closed. */
    closedList: string
    asked: NoticeTexts
    again: string
    closed: NoticeTexts
  }
  confirm: {
    ready: NoticeTexts
    /** After its first paragraph, where `{boxes}` were ticked. */
    agree: string
    button: string
    confirmed: NoticeTexts
    /** `{lists}` still wait; one button mails a new link. */
    expired: NoticeTexts
    renew: string
    renewed: NoticeTexts
    /** Expired, with nothing that waits any more. */
    lapsed: NoticeTexts
    again: string
    ended: NoticeTexts
  }
  invite: InviteTexts
  unsubscribe: {
    heading: string
    one: string
    many: string
    button: string
    everything: string
    everythingNote: string
    noList: string
    left: NoticeTexts
    leftEverything: NoticeTexts
    undo: string
    undoButton: string
    /** `waiting` for lists that had not been confirmed before they were left. */
    undone: { heading: string; active: string; waiting: string }
    tooLate: NoticeTexts
    none: NoticeTexts
    /** For an address that gets nothing, and not by its owner's wish. */
    already: NoticeTexts
    why: WhyTexts
    oneClick: string
  }
  preferences: PreferencesTexts
  changeAddress: ChangeAddressTexts
  stay: StayTexts
  sendLinks: SendLinksTexts
  data: DataTexts
  erase: EraseTexts
  /** The operator's page of a send. */
  stop: StopTexts
}

export interface ArchiveTexts {
  heading: string
  intro: string
  empty: NoticeTexts
  older: string
  newest: string
  /** Back from one letter. */
  all: string
  sent: string
  /** The link to a letter in this language. */
  read: string
  /** The link to a letter without the page around it. */
  alone: string
  feed: string
  /** Below what somebody has just read. */
  next: { heading: string; text: string; button: string }
  unknown: NoticeTexts
  /** In place of a mail: one that was a test, and one whose reader is not known any more. */
  test: NoticeTexts
  gone: NoticeTexts
}

export interface StopTexts {
  heading: string
  status: Record<'scheduled' | 'preparing' | 'running' | 'paused' | 'done' | 'cancelled', string>
  facts: Record<'subject' | 'lists' | 'scheduled' | 'reason', string>
  /** Why a send is paused, where we know a better word than the one noted. */
  reasons: Record<'operator' | 'late', string>
  counts: Record<
    'total' | 'sent' | 'remaining' | 'failed' | 'skipped' | 'uncertain' | 'cancelled',
    string
  >
  held: string
  pause: string
  resume: string
  cancel: string
  refresh: string
  sure: NoticeTexts
  sureButton: string
  back: string
}

const rightToLeft = new Set([
  'ar',
  'arc',
  'ckb',
  'dv',
  'fa',
  'he',
  'ks',
  'ps',
  'sd',
  'ug',
  'ur',
  'yi',
])

const all = new Map(languages.map((texts) => [texts.lang.toLowerCase(), texts]))

/** The languages we have texts in. */
export const textLanguages: readonly string[] = Array.from(all.values(), ({ lang }) => lang)

/**
 * The language of ours that a tag is served in: its own, that of its primary language (`fr-CA` → `fr`), or one that shares
 * that (`pt` → `pt-BR`); undefined where there is none.
 */
export function languageWithTexts(tag: string | null | undefined): string | undefined {
  const wanted = tag?.toLowerCase() ?? ''
  const [primary = ''] = wanted.split('-')
  const texts = all.get(wanted) ?? all.get(primary)
  if (texts || primary === '') return texts?.lang
  return textLanguages.find((lang) => lang.toLowerCase().startsWith(`${primary}-`))
}

/** The texts for a language tag, else the English ones, with what the site words otherwise. */
export function textsFor({ texts: changes }: { texts: TextChanges }, lang: string): Texts {
  const texts = ownTexts(lang)
  const own = Object.hasOwn(changes, texts.lang) ? changes[texts.lang] : undefined
  return own ? changed(texts, own) : texts
}

/** Our own texts for a language tag, else the English ones, in the direction of that language. */
export function ownTexts(lang: string): Texts {
  const texts = all.get((languageWithTexts(lang) ?? 'en').toLowerCase()) ?? english
  return { ...texts, dir: directionOf(lang) }
}

/** The direction a language is written in, also of one we have no texts in. */
export function directionOf(lang: string): 'ltr' | 'rtl' {
  return rightToLeft.has(lang.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr'
}
