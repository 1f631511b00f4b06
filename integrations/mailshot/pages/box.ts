import { localize, type MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { fieldOf, fieldsOf } from './form.ts'
import { publicListsOf } from './sign-up.ts'
import { quotedTitles } from './title.ts'

/** A box for a form of the site's own, a registration or a comment, that asks for a list. */
export interface SignUpBox {
  texts: Texts
  list: string
  label: string
  note: string
}

/** What the inputs of a box are called: the form may have a `list` and a `lang` of its own. */
export const boxNames = { list: 'mailshot-list', lang: 'mailshot-lang' } as const

/** @throws MailshotError for a list that nobody may sign up to */
export function signUpBox(
  config: MailshotConfig,
  { list, lang }: { list: string; lang: string },
): SignUpBox {
  const open = publicListsOf(config)
  if (!open.includes(list)) {
    throw new MailshotError(
      `a sign-up box is for "${list}", which is no public list in mailshot.config.ts (public: ${open.join(', ')})`,
    )
  }
  const texts = textsFor(config, lang)
  const { title = list, description } = config.lists[list] ?? {}
  const say = (text: string | Record<string, string>) => localize(text, texts.lang, config.lang)
  const words = texts.pages.form
  return {
    texts,
    list,
    label: fill(words.box, { lists: quotedTitles(texts, [say(title)]) }),
    note: [description && say(description), words.note].filter(Boolean).join(' '),
  }
}

/** The words beside the boxes of these lists. */
export function boxWording(config: MailshotConfig, lists: string[], lang: string): string {
  const boxes = lists.map((list) => signUpBox(config, { list, lang }))
  return boxes.flatMap(({ label, note }) => [label, note]).join('\n')
}

/** The lists whose boxes were ticked, and the language they were in. What is no public list is passed over. */
export function readBoxes(
  config: MailshotConfig,
  form: FormData,
): { lists: string[]; lang: string } {
  const ticked = fieldsOf(form, boxNames.list)
  return {
    lists: publicListsOf(config).filter((list) => ticked.includes(list)),
    lang: fieldOf(form, boxNames.lang),
  }
}
