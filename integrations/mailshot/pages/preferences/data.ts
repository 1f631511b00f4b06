import { auditStatement } from '../../audit.ts'
import { escapeHtml } from '../../compile/escape.ts'
import { localize, type MailshotConfig } from '../../config.ts'
import type { Mailshot } from '../../mailshot.ts'
import { type DataRow, type PersonalData, readPersonalData } from '../../subscriber/data.ts'
import type { Texts } from '../../texts.ts'
import type { DataTexts } from '../../texts/preferences.ts'

/** All that is held about a person: to keep (JSON), or to read (HTML, in their language). Notes that it was handed out. */
export async function answerData(
  mailshot: Mailshot,
  texts: Texts,
  { subscriberId, format }: { subscriberId: number; format: 'json' | 'html' },
): Promise<Response | undefined> {
  const data = await readPersonalData(mailshot, subscriberId)
  if (!data) return undefined
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'export-data',
      subject: `subscriber:${subscriberId}`,
      detail: { format },
    }),
  )
  const name = `data-${data.exportedAt.slice(0, 10)}`
  return format === 'json'
    ? answer(`${JSON.stringify(data, null, 2)}\n`, {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="${name}.json"`,
      })
    : answer(documentOf(mailshot, texts, data), {
        'content-type': 'text/html; charset=utf-8',
        'content-disposition': `inline; filename="${name}.html"`,
        'content-language': texts.lang,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'x-robots-tag': 'noindex',
      })
}

function answer(body: string, headers: Record<string, string>): Response {
  return new Response(body, { headers: { ...headers, 'cache-control': 'no-store' } })
}

function documentOf({ config }: Mailshot, texts: Texts, data: PersonalData): string {
  const words = texts.pages.data
  const style = { dateStyle: 'medium', timeStyle: 'short', timeZone: config.timeZone } as const
  const date = new Intl.DateTimeFormat(texts.lang, style)
  const speech = {
    words,
    date,
    titleOf: (list: string) => localized(config, texts, config.lists[list]?.title ?? list),
    labelOf: (field: string) => localized(config, texts, config.fields[field]?.label ?? field),
  }
  const say = (name: string, value: unknown) => valueText(speech, name, value)
  const { person, site, exportedAt, ...parts } = data
  const tables = Object.entries(parts).map(([part, rows]: [string, DataRow[]]) =>
    tableOf(words, { heading: wordOf(words.parts, part), rows, say }),
  )
  const title = escapeHtml(words.title)
  return `<!doctype html>
<html lang="${texts.lang}" dir="${texts.dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${looks}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p><bdi>${escapeHtml(site)}</bdi>, ${escapeHtml(date.format(new Date(exportedAt)))}</p>
${tableOf(words, { heading: wordOf(words.parts, 'person'), rows: [person], say })}
${tables.join('\n')}
<p>${escapeHtml(words.more)}</p>
</main>
</body>
</html>
`
}

function localized(
  config: MailshotConfig,
  texts: Texts,
  title: Parameters<typeof localize>[0],
): string {
  return localize(title, texts.lang, config.lang)
}

/** A heading, and of each row what it says, name by name: most rows leave most names out. */
function tableOf(
  words: DataTexts,
  part: { heading: string; rows: DataRow[]; say: (name: string, value: unknown) => string },
): string {
  const items = part.rows.map((row) => {
    // What has no name in their language is for machines: the file has it.
    const isSaid = ([name, value]: [string, unknown]) =>
      Object.hasOwn(words.names, name) && !isEmpty(value)
    const lines = Object.entries(row).filter(isSaid)
    const said = lines.map(
      ([name, value]) =>
        `<dt>${escapeHtml(wordOf(words.names, name))}</dt><dd><bdi>${escapeHtml(part.say(name, value))}</bdi></dd>`,
    )
    return `<li><dl>${said.join('')}</dl></li>`
  })
  const list = items.length === 0 ? `<p>${escapeHtml(words.nothing)}</p>` : items.join('\n')
  return `<h2>${escapeHtml(part.heading)}</h2>\n${items.length === 0 ? list : `<ol>${list}</ol>`}`
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === null || value === '' || value === 0
}

interface Speech {
  words: DataTexts
  date: Intl.DateTimeFormat
  /** The title of a list, for readers. */
  titleOf: (list: string) => string
  labelOf: (field: string) => string
}

/** A value as people read it; a report stays as it came. */
function valueText(speech: Speech, name: string, value: unknown): string {
  const { words } = speech
  if (typeof value === 'string') return textOf(speech, name, value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (name === 'raw') return JSON.stringify(value)
  if (Array.isArray(value)) return value.map((one) => valueText(speech, name, one)).join(', ')
  if (typeof value !== 'object' || value === null) return ''
  const said = Object.entries(value).filter(([, one]) => !isEmpty(one))
  // The site's own fields are in no words of ours.
  if (name === 'attributes') {
    return said.map(([field, one]) => `${speech.labelOf(field)} (${String(one)})`).join(', ')
  }
  return said
    .map(([key, one]) => `${wordOf(words.names, key)} (${valueText(speech, key, one)})`)
    .join(', ')
}

function textOf({ words, date, titleOf }: Speech, name: string, value: string): string {
  const at = /^at$|At$|Until$|^until$/.test(name) ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(at)) return date.format(at)
  if (name === 'list' || name === 'lists') return titleOf(value)
  return coded.has(name) ? wordOf(words.codes, value) : value
}

/** What these hold is a word of ours, mostly. */
const coded = new Set(
  'status type delivery kind source action actor reason endReason by form'.split(' '),
)

function wordOf(words: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(words, name) ? words[name] : undefined) ?? name
}

const looks = `:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.2 }
ol { padding: 0; list-style: none }
li { padding-block: 0.75rem; border-block-start: 1px solid }
dl { display: grid; grid-template-columns: minmax(6rem, 12rem) minmax(0, 1fr); gap: 0.15rem 1rem; margin: 0 }
dt { font-weight: 600 }
dd { margin: 0; white-space: pre-line }
@media (max-width: 32rem) { dl { grid-template-columns: minmax(0, 1fr) } dd { margin-block-end: 0.4rem } }`
