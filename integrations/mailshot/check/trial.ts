import { errorAt, type Place, type Problem, warningAt } from '../campaign/problem.ts'
import type { CompiledCampaign, CompiledVariant, Template } from '../compile.ts'
import { escapeHtml } from '../compile/escape.ts'
import { fieldsIn } from '../compile/expression.ts'
import type { MailshotConfig } from '../config.ts'
import { composeSample, type Reader } from '../message.ts'
import type { Message } from '../transport.ts'

/**
 * Composes one language for invented readers: one with every field, one with none, and one for each value that the
 * config or a condition names. What fails for one of them would fail in a mail.
 */
export function tryOut(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  variant: CompiledVariant,
  place: Place,
): Problem[] {
  const problems: Problem[] = []
  for (const reader of trialReaders(config, compiled, variant)) {
    try {
      const message = composeSample(config, compiled, reader)
      problems.push(...checkMessage(message, reader, place))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      problems.push(errorAt(place, 'the mail cannot be composed', why, 'mend the merge fields'))
      // It may have failed for taking too long, and would so for each of the others.
      break
    }
  }
  // One reader is enough to show a mistake: the first, since sizes differ.
  const kinds = problems.toReversed().map((one) => [one.what.replace(/^\d+/, ''), one] as const)
  return [...new Map(kinds).values()]
}

type TrialReader = Partial<Reader> & { urls: Reader['urls'] }

/** Gmail hides what comes after 102 KB, the unsubscribe link included. */
const clippedAt = 100 * 1024
const most = 100

const urls = {
  unsubscribe: 'https://mail.example/trial-unsubscribe',
  preferences: 'https://mail.example/trial-preferences',
  view: 'https://mail.example/trial-view',
}

function trialReaders(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  variant: CompiledVariant,
): TrialReader[] {
  const { lang } = variant
  const full: TrialReader = { lang, urls }
  const nothing = Object.fromEntries(Object.keys(config.fields).map((name) => [name, '']))
  const empty: TrialReader = { lang, urls, name: '', attributes: nothing }
  const values = [...choicesOf(config), ...valuesIn(variant)].filter(([name]) => name in nothing)
  const withValues = values.flatMap(([name, value]): TrialReader[] => [
    { ...full, attributes: { [name]: value } },
    { ...empty, attributes: { ...nothing, [name]: value } },
  ])
  const withLists = compiled.lists.map((list) => ({ ...empty, lists: [list] }))
  return [
    full,
    empty,
    { ...empty, name: 'Camille' },
    { ...full, name: '' },
    ...withLists,
    ...withValues,
  ].slice(0, most)
}

type Value = [field: string, value: string | number | boolean]

function choicesOf(config: MailshotConfig): Value[] {
  return Object.entries(config.fields).flatMap(([name, field]): Value[] => {
    if (field.type === 'boolean' || field.type === 'consent')
      return [
        [name, true],
        [name, false],
      ]
    return (field.choices ?? []).map((choice) => [name, choice])
  })
}

/** The values that conditions compare fields with. */
function valuesIn({ subject, preheader, html, text }: CompiledVariant): Value[] {
  return [subject, preheader, html, text].flatMap((template: Template) => {
    let subjects: string[] = []
    return template.flatMap((part): Value[] => {
      if (typeof part === 'string' || !('tag' in part)) return []
      const [, name = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(part.tag) ?? []
      // A `when` is about its `case`.
      if (name !== 'when') subjects = fieldsIn(rest)
      const values = rest.match(/"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?/g) ?? []
      return subjects.flatMap((field) => values.map((one): Value => [field, literal(one)]))
    })
  })
}

function literal(written: string): string | number {
  return /^["']/.test(written) ? written.slice(1, -1) : Number(written)
}

function checkMessage(
  { subject, html, text }: Message,
  reader: TrialReader,
  place: Place,
): Problem[] {
  const problems: Problem[] = []
  const { unsubscribe } = reader.urls
  if (subject.trim() === '') {
    const cure = 'write a default, or an {% else %}'
    problems.push(
      errorAt(
        place,
        'the subject is empty for some readers',
        'a mail without one looks like spam',
        cure,
      ),
    )
  }
  if (!html.includes(`href="${escapeHtml(unsubscribe)}"`) || !text.includes(unsubscribe)) {
    const cure = 'put <a href="{{ url_unsubscribe }}"> or {{ footer }} in it, outside any condition'
    problems.push(errorAt(place, 'no unsubscribe link', 'some readers would get none', cure))
  }
  const size = Buffer.byteLength(html)
  if (size > clippedAt) problems.push(tooLarge(size, place))
  return problems
}

function tooLarge(size: number, place: Place): Problem {
  const what = `${Math.ceil(size / 1024)} KB of HTML`
  const why = 'Gmail shows the first 102 KB only'
  return warningAt(place, what, why, 'make it shorter, and link to the rest')
}
