import { en } from './texts/en.ts'
import { fr } from './texts/fr.ts'

/** All that a reader of one language gets to read from us, apart from what an author wrote. */
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
    confirmation: {
      subject: string
      intro: string
      button: string
      ignore: string
      expires: string
    }
    welcome: { subject: string; intro: string; leave: string }
    goodbye: { subject: string; intro: string; back: string }
  }
  /** Mails to the operator about a send, by what happened. */
  alarms: Record<'started' | 'held' | 'paused' | 'done', { subject: string; paragraphs: string[] }>
  /** The preview, for whoever writes campaigns. */
  preview: {
    title: string
    campaigns: string
    /** Where the pages follow the files. */
    follows: string
    /** `{count}`, `{folder}` */
    count: string
    newer: string
    older: string
    empty: { title: string; intro: string; next: string }
    example: { subject: string; preheader: string; body: string }
    /** `{slug}`, `{folder}` */
    unknown: { title: string; intro: string; near: string }
    noSubject: string
    facts: Record<'file' | 'format' | 'languages' | 'lists' | 'send' | 'size', string>
    /** `{time}` */
    send: { manual: string; onMerge: string; at: string }
    problems: {
      title: string
      none: string
      /** `{count}` */
      errors: string
      warnings: string
      error: string
      warning: string
    }
    /** `{reason}` */
    broken: { title: string; compiling: string; composing: string; rendering: string }
    inbox: string
    mail: string
    /** `{width}` */
    phone: string
    desktop: string
    light: string
    dark: string
    /** What stands before the choice of one. */
    scheme: string
    noDark: string
    openAlone: string
    textPart: string
    headers: string
    source: string
    envelope: string
    /** `{from}`, `{to}` */
    envelopeText: string
    /** `{size}`, `{limit}` */
    weight: { html: string; tooLarge: string; rest: string }
    reader: Record<
      | 'title'
      | 'language'
      | 'list'
      | 'allLists'
      | 'name'
      | 'email'
      | 'show'
      | 'reset'
      | 'subscriber'
      | 'subscriberHint'
      | 'links',
      string
    >
    notes: {
      inventedOnly: string
      /** `{address}` */
      unknownAddress: string
      /** `{reason}` */
      noDatabase: string
      /** `{address}`, `{reason}` */
      suppressed: string
      notOnList: string
      /** `{asked}`, `{given}` */
      otherLanguage: string
      /** `{written}` */
      wrongAddress: string
    }
  }
}

const all = new Map([en, fr].map((texts) => [texts.lang.toLowerCase(), texts]))

/** The texts for a language tag: its own, those of its primary language (`fr-CA` → `fr`), else the English ones. */
export function textsFor(lang: string): Texts {
  const tag = lang.toLowerCase()
  const texts = all.get(tag) ?? all.get(tag.split('-')[0] ?? '') ?? en
  return { ...texts, dir: directionOf(lang) }
}

/** The languages we have texts in. */
export const textLanguages: readonly string[] = Array.from(all.values(), (texts) => texts.lang)

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

/** The direction a language is written in, also of one we have no texts in. */
function directionOf(lang: string): 'ltr' | 'rtl' {
  return rightToLeft.has(lang.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr'
}
