import type { CompiledCampaign } from '../compile.ts'
import type { FieldConfig, MailshotConfig } from '../config.ts'
import type { Reader } from '../message.ts'

/** A reader who has a value for every field, so that a preview shows them all. */
export function sampleReader(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  known: Partial<Reader>,
): Reader {
  const pages = `${config.site}${config.base}`
  const attributes = Object.entries(config.fields).map(([name, field]) => [
    name,
    sampleValue(name, field),
  ])
  return {
    email: 'camille@example.org',
    name: 'Camille Martin',
    lang: campaign.fallback,
    status: 'active',
    lists: campaign.lists,
    urls: {
      unsubscribe: `${pages}/unsubscribe/sample`,
      preferences: `${pages}/preferences/sample`,
      view: `${pages}/view/sample`,
    },
    ...known,
    attributes: { ...Object.fromEntries(attributes), ...known.attributes },
  }
}

function sampleValue(name: string, field: FieldConfig): string | number | boolean {
  switch (field.type) {
    case 'text':
      return name
    case 'choice':
      return field.choices?.[0] ?? name
    case 'number':
      return 1
    case 'boolean':
    case 'consent':
      return true
    case 'date':
      return '2026-06-15'
  }
}
