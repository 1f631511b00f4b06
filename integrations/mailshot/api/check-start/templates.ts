import { mergePage } from '../../archive.ts'
import { tryOut } from '../../check/trial.ts'
import type { CompiledCampaign, CompiledVariant, Template } from '../../compile.ts'
import { checkMerge } from '../../compile/check-merge.ts'
import { decodeEntities } from '../../compile/entity.ts'
import { type Fields, fieldsOf } from '../../compile/fields.ts'
import { type Finding, findInMarkup } from '../../compile/findings.ts'
import { isForbidden } from '../../compile/lint.ts'
import type { TemplatePart } from '../../compile/template.ts'
import type { MailshotConfig } from '../../config.ts'
import type { MailshotError } from '../../error.ts'
import type { Node } from '../../compile/nodes.ts'
import type { Problem } from '../../campaign/problem.ts'
import type { Mailshot } from '../../mailshot.ts'
import { prepareMerge } from '../../message/merge.ts'
import { invalid } from './invalid.ts'

/** Checks that a campaign can be merged with this site's fields, for every kind of reader, and lets each of them leave. */
export function checkTemplates({ config }: Mailshot, campaign: CompiledCampaign): void {
  const fields = fieldsOf(config)
  for (const [lang, variant] of Object.entries(campaign.variants)) {
    const place = `campaign.variants.${lang}`
    const { subject, preheader, html, text } = variant
    const templates: [string, Template][] = Object.entries({ subject, preheader, html, text })
    for (const [name, template] of templates) {
      requireParsed(`${place}.${name}`, template, lang)
      requireKnown(`${place}.${name}`, template, fields)
    }
    refuse(place, tryOut(config, campaign, variant, { file: place, line: 1 }))
  }
  for (const [lang, { html }] of Object.entries(campaign.pages)) {
    const place = `campaign.pages.${lang}.html`
    requireParsed(place, html, lang)
    requireKnown(place, html.map(withDefault), pageFields(fields, campaign.variants[lang]))
    requireHarmless(place, mergeTrial(config, campaign, { lang, place }))
  }
}

/** A page has no condition of the layout around it, and leaves what is empty empty. */
function withDefault(part: TemplatePart): TemplatePart {
  return typeof part === 'object' && 'output' in part
    ? { ...part, output: `${part.output} | default: ""` }
    : part
}

/** Nor has it what the layout assigned, which is empty too. */
function pageFields(fields: Fields, variant: CompiledVariant | undefined): Fields {
  const tags = (variant?.html ?? []).flatMap((part) =>
    typeof part === 'object' && 'tag' in part ? part.tag : [],
  )
  const assigned = tags.flatMap((tag) => /^(?:assign|for)\s+(\w+)/.exec(tag)?.[1] ?? [])
  const others = assigned.filter((name) => !fields.has(name))
  return new Map([...fields, ...others.map((name) => [name, { optional: true }] as const)])
}

/** What the archive could not merge would only be seen there. */
function mergeTrial(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  { lang, place }: { lang: string; place: string },
): string {
  try {
    return mergePage(config, campaign, { lang }).html
  } catch (cause) {
    throw unmergeable(place, cause)
  }
}

function unmergeable(place: string, cause: unknown): MailshotError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return invalid(`${place}: cannot be merged: ${why}`)
}

function requireParsed(place: string, template: Template, lang: string): void {
  try {
    prepareMerge(template, lang)
  } catch (cause) {
    throw unmergeable(place, cause)
  }
}

/** The site may not know yet what the campaign was compiled with. */
function requireKnown(place: string, template: Template, fields: Fields): void {
  const nodes = template.map((part, index): Node => {
    if (typeof part === 'string') return part
    const kind = 'tag' in part ? 'tag' : 'output'
    const source = 'tag' in part ? part.tag : part.output
    const token = {
      kind,
      source,
      trims: { before: false, after: false },
      place: { file: place, line: 1 },
    } as const
    return { token, index, escape: 'html', parent: 0 }
  })
  refuse(place, checkMerge(nodes, fields))
}

function refuse(place: string, problems: readonly Problem[]): void {
  const problem = problems.find(({ severity }) => severity === 'error')
  if (problem) throw invalid(`${place}: ${problem.what}: ${problem.why}; ${problem.cure}`)
}

/** A page of the archive is shown in the site's own origin, always filled in alike, so nothing in it may run. */
function requireHarmless(place: string, html: string): void {
  for (const finding of findInMarkup(html, (line) => ({ file: place, line }))) {
    const script = scriptIn(finding)
    if (script !== undefined) throw invalid(`${place}: ${script} may run a script; remove it`)
  }
}

function scriptIn(finding: Finding): string | undefined {
  switch (finding.kind) {
    case 'link':
      return foreignScheme(finding.url)
    case 'image':
    case 'background':
      return foreignScheme(finding.src)
    case 'element':
      return isForbidden(finding.name) ? `<${finding.name}>` : undefined
    case 'handler':
      return finding.name
    case 'heading':
    case 'borrowed':
    case 'unclosed':
      return undefined
  }
}

/** A browser drops white space and control characters before it looks for the scheme. */
function foreignScheme(written: string): string | undefined {
  const url = decodeEntities(written).replace(/[\s\p{Cc}]/gu, '')
  return /^(?!https?:|mailto:|tel:)[a-z][a-z0-9+.-]*:/i.test(url) ? url.slice(0, 40) : undefined
}
