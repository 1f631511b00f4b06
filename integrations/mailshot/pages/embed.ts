import { escapeHtml } from '../compile/escape.ts'
import type { MailshotConfig } from '../config.ts'
import { pageUrl } from '../token.ts'
import { type FormField, inputName } from './field.ts'
import { onlyChoice, type SignUp } from './sign-up.ts'
import { trapFields } from './trap.ts'

/**
 * A sign-up form as plain HTML, for another site: it needs no script and no style, and posts to our page, whose answer the reader
 * sees. Its words are those of our own form, as they are kept with the consent.
 */
export function embeddedForm(config: MailshotConfig, signUp: SignUp): string {
  const { texts, offered, asksName, fields } = signUp
  const words = texts.pages.form
  const only = onlyChoice(signUp)
  const open = attributes({
    action: pageUrl(config, 'subscribe'),
    method: 'post',
    lang: texts.lang,
    dir: texts.dir,
  })
  return [
    `<form${open}>`,
    ...hidden('lang', texts.lang),
    ...offered.flatMap(({ id }) => hidden('offered', id)),
    ...(only === undefined ? choices(signUp) : onlyList(signUp, only)),
    ...(asksName
      ? labelled(
          escapeHtml(`${words.name} (${texts.pages.optional})`),
          input({ name: 'name', autocomplete: 'name' }),
        )
      : []),
    ...labelled(
      escapeHtml(words.email),
      input({
        type: 'email',
        name: 'email',
        autocomplete: 'email',
        required: true,
        dir: texts.dir === 'rtl' && 'ltr',
      }),
    ),
    ...fields.flatMap((field) => ownField(field, texts.pages.optional)),
    // What people do not see and robots fill in; without a style sheet it takes an attribute to hide it.
    `  <p hidden><label>${escapeHtml(texts.pages.abuse.trap)} ${input({ name: trapFields.empty, tabindex: -1, autocomplete: 'off' })}</label></p>`,
    `  <p>${escapeHtml(words.note)}</p>`,
    `  <button>${escapeHtml(words.button)}</button>`,
    '</form>',
  ].join('\n')
}

function choices({ texts, offered }: SignUp): string[] {
  return [
    '  <fieldset>',
    `    <legend>${escapeHtml(texts.pages.form.choose)}</legend>`,
    ...offered.map(({ id, title, description, isChosen, langs }) => {
      const box = input({ type: 'checkbox', name: 'list', value: id, checked: isChosen })
      return `    <p><label>${box} ${own(title, langs?.title)}</label>${note(description, langs?.description)}</p>`
    }),
    '  </fieldset>',
  ]
}

function onlyList({ offered }: SignUp, only: string): string[] {
  return offered.flatMap(({ id, description, langs }) => [
    `  <p>${escapeHtml(only)}${note(description, langs?.description)}</p>`,
    ...hidden('list', id),
  ])
}

function ownField(field: FormField, optional: string): string[] {
  const { name, control, label, description, isRequired, options, longest, langs } = field
  const named = { name: inputName(name), required: isRequired }
  const asked = hidden('asked', name)
  if (control === 'box') {
    const box = input({ type: 'checkbox', value: 'yes', ...named })
    const below = note(description, langs?.description)
    return [...asked, `  <p><label>${box} ${own(label, langs?.label)}</label>${below}</p>`]
  }
  const title = own(label, langs?.label)
  const said = isRequired ? title : `${title} (${escapeHtml(optional)})`
  const text =
    description === undefined ? said : `${said} – ${own(description, langs?.description)}`
  if (control !== 'select') {
    const type = control === 'date' ? 'date' : 'text'
    return [...asked, ...labelled(text, input({ type, maxlength: longest, ...named }))]
  }
  const entries = options.map(
    (one) => `<option${attributes({ value: one.value })}>${escapeHtml(one.label)}</option>`,
  )
  return [...asked, ...labelled(text, `<select${attributes(named)}>${entries.join('')}</select>`)]
}

function labelled(html: string, control: string): string[] {
  return [`  <p><label>${html}<br>${control}</label></p>`]
}

function note(text: string | undefined, lang: string | undefined): string {
  return text === undefined ? '' : `<br><small>${own(text, lang)}</small>`
}

/** The site's own words may be in another language than the form, written in the other direction. */
function own(text: string, lang: string | undefined): string {
  return `<bdi${attributes({ lang })}>${escapeHtml(text)}</bdi>`
}

function hidden(name: string, value: string): string[] {
  return [`  ${input({ type: 'hidden', name, value })}`]
}

type Attributes = Record<string, string | number | boolean | undefined>

function input(given: Attributes): string {
  return `<input${attributes(given)}>`
}

function attributes(given: Attributes): string {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapeHtml(`${value}`)}"`))
    .join('')
}
