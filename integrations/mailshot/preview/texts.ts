import type { WritableKind } from '../letter/template.ts'
import { en } from './texts/en.ts'
import { fr } from './texts/fr.ts'

/** What the preview says to whoever writes campaigns; readers never meet it. */
export interface PreviewTexts {
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
  letters: {
    title: string
    /** `{folder}` */
    intro: string
    /** Whose words a letter has. */
    own: string
    builtIn: string
    /** `{file}` */
    write: string
    /** What is mailed in the place of words with a mistake. */
    wrong: string
    names: Record<WritableKind, string>
  }
  facts: Record<
    'file' | 'format' | 'languages' | 'lists' | 'readers' | 'send' | 'size' | 'images',
    string
  >
  /** `{condition}`; `{readers}` and `{of}` in numbers */
  readers: { without: string; count: string }
  /** `{time}` */
  send: { manual: string; onMerge: string; at: string; local: string }
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
  /** `{size}` */
  source: string
  envelope: string
  /** `{from}`, `{to}` */
  envelopeText: string
  /** `{size}`, `{limit}`, `{count}` */
  weight: { html: string; tooLarge: string; images: string }
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

/** By primary language. */
export const previewTexts: Readonly<Record<string, PreviewTexts>> = { en, fr }
