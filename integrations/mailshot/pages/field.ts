import type { AttributeValue } from '../../../db/schema.ts'
import { type FieldConfig, localize, type MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { readProfile } from '../profile.ts'
import { fill, type Texts } from '../texts.ts'
import type { FieldTexts } from '../texts/form.ts'
import { type PartLanguages, partLanguages } from '../texts/part-language.ts'
import { fieldOf, fieldsOf } from './form.ts'
import { quotedTitles } from './title.ts'

/** One of the site's own fields as a form shows it. */
export interface FormField {
  /** Of the attribute: `city`. */
  name: string
  control: 'text' | 'number' | 'date' | 'select' | 'box'
  label: string
  description: string | undefined
  isRequired: boolean
  /** As it was typed or stored; `yes` for a box that is ticked. */
  value: string
  /** Of a `select`, the empty one included. */
  options: { value: string; label: string }[]
  longest: number | undefined
  problem: string | undefined
  /** Of its words, where they are not in the page's. */
  langs?: PartLanguages<'label' | 'description'> | undefined
}

/** What a form said of the site's own fields, and how to show it again. */
export interface ReadFields {
  fields: FormField[]
  /** What can be kept. */
  attributes: Record<string, AttributeValue>
  /** What was left empty, so that a value there was is taken back. */
  empty: string[]
  problems: FieldProblem[]
}

export interface FieldProblem {
  /** Where the list of mistakes leads to, as `#mailshot-…`. */
  field: `field-${string}`
  text: string
}

interface Asking {
  config: MailshotConfig
  texts: Texts
}

const longestText = 500

/** The fields that readers are asked, in the config's order; what is required is asked for always. */
function askedFields({ fields }: Pick<MailshotConfig, 'fields'>): string[] {
  return Object.keys(fields).filter((name) => isAsked(fields[name]))
}

/**
 * Fields as a form shows them, with what is known of the person.
 *
 * @param names of fields with `form: 'required'` or `'optional'`; all of them by default
 * @throws MailshotError for one that the config does not have, or does not let readers fill in
 */
export function formFields(
  { config, texts }: Asking,
  {
    names,
    attributes = {},
  }: {
    names?: readonly string[] | undefined
    attributes?: Readonly<Record<string, AttributeValue>>
  } = {},
): FormField[] {
  const asked = askedFields(config)
  const wrong = names?.find((name) => !asked.includes(name))
  if (wrong !== undefined) throw noField(config, wrong)
  return (names ?? asked).map((name) => {
    const value = Object.hasOwn(attributes, name) ? writtenValue(attributes[name]) : ''
    return formField({ config, texts }, name, { value })
  })
}

/**
 * Reads what was filled in. A field counts as asked if the form says so (`asked`, one a field, which tells a box that is not ticked
 * from one that was not shown), or has it; what the config does not ask readers is passed over.
 *
 * @param required whether required fields are missed which the form did not show at all
 */
export function readFields(
  { config, texts }: Asking,
  form: FormData,
  { required }: { required: boolean },
): ReadFields {
  const claimed = fieldsOf(form, 'asked')
  const names = askedFields(config).filter(
    (name) =>
      claimed.includes(name) ||
      form.has(inputName(name)) ||
      (required && config.fields[name]?.form === 'required'),
  )
  const read = names.map((name) => readField({ config, texts }, name, form))
  return {
    fields: read.map(({ field }) => field),
    attributes: Object.fromEntries(
      read.flatMap(({ field, value }) => (value === undefined ? [] : [[field.name, value]])),
    ),
    empty: read.flatMap(({ field, value }) =>
      value === undefined && field.problem === undefined ? [field.name] : [],
    ),
    problems: read.flatMap(({ field: { name, problem } }) =>
      problem === undefined ? [] : [{ field: `field-${name}` as const, text: problem }],
    ),
  }
}

/** What an input is called: apart from `email`, `name` and whatever else the form has. */
export function inputName(name: string): string {
  return `field-${name}`
}

function isAsked(field: FieldConfig | undefined): boolean {
  return field?.form === 'required' || field?.form === 'optional'
}

function readField(
  asking: Asking,
  name: string,
  form: FormData,
): { field: FormField; value: AttributeValue | undefined } {
  const { config, texts } = asking
  const own = config.fields[name]
  const text = fieldOf(form, inputName(name)).trim()
  const { profile, problems } = readProfile(config.fields, { attributes: { [name]: text } })
  const isBox = controlOf(own) === 'box'
  const value = profile.attributes[name] ?? (isBox ? false : undefined)
  const shown = formField(asking, name, { value: text.slice(0, 2 * longestText) })
  const isMissing = value === undefined || (own?.type === 'consent' && value === false)
  const fault = faultOf(own, { isMissing, isWrong: problems.length > 0, text })
  const label = quotedTitles(texts, [shown.label])
  const problem = fault && fill(texts.pages.fields[fault], { label, most: String(longestText) })
  return { field: { ...shown, problem }, value }
}

function faultOf(
  field: FieldConfig | undefined,
  { isMissing, isWrong, text }: { isMissing: boolean; isWrong: boolean; text: string },
): keyof FieldTexts | undefined {
  const isClosed = field?.type === 'choice' || field?.type === 'boolean'
  if (isWrong && field?.type === 'number') return 'wrongNumber'
  if (isWrong && field?.type === 'date') return 'wrongDate'
  if (isWrong) return 'wrongChoice'
  if (text.length > longestText) return 'tooLong'
  if (!isMissing || field?.form !== 'required') return undefined
  if (field.type === 'consent') return 'missingConsent'
  return isClosed ? 'missingChoice' : 'missing'
}

function formField({ config, texts }: Asking, name: string, { value }: { value: string }) {
  const own = config.fields[name]
  const say = (text: string | Record<string, string>) => localize(text, texts.lang, config.lang)
  return {
    name,
    control: controlOf(own),
    label: say(own?.label ?? name),
    description: own?.description && say(own.description),
    isRequired: own?.form === 'required',
    value,
    options: optionsOf(own, { texts, say }),
    longest: own?.type === 'text' ? longestText : undefined,
    problem: undefined,
    langs: partLanguages(config, texts.lang, { label: own?.label, description: own?.description }),
  } satisfies FormField
}

/** A question that must be answered by yes or no is no box: it could not be answered by no. */
function controlOf(field: FieldConfig | undefined): FormField['control'] {
  switch (field?.type) {
    case 'number':
    case 'date':
      return field.type
    case 'choice':
      return 'select'
    case 'consent':
      return 'box'
    case 'boolean':
      return field.form === 'required' ? 'select' : 'box'
    case 'text':
    case undefined:
      return 'text'
  }
}

function optionsOf(
  field: FieldConfig | undefined,
  { texts, say }: { texts: Texts; say: (text: string | Record<string, string>) => string },
): FormField['options'] {
  if (controlOf(field) !== 'select') return []
  const { choose, yes, no } = texts.pages.fields
  const flags = [
    { value: 'yes', label: yes },
    { value: 'no', label: no },
  ]
  const choices = field?.choices?.map((one) => ({
    value: one,
    label: say(field.choiceLabels?.[one] ?? one),
  }))
  return [{ value: '', label: choose }, ...(choices ?? flags)]
}

function writtenValue(value: AttributeValue | undefined): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === undefined || value === null ? '' : String(value)
}

function noField(config: MailshotConfig, name: string): MailshotError {
  const asked = askedFields(config).join(', ') || 'none'
  return new MailshotError(
    Object.hasOwn(config.fields, name)
      ? `a form asks for the field "${name}", which readers may not fill in: give it form: 'optional' in mailshot.config.ts`
      : `a form asks for the field "${name}", which mailshot.config.ts does not have (asked of readers: ${asked})`,
  )
}
