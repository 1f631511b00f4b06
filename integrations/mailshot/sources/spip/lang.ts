import type { TableValue } from '../tables.ts'
/**
 * A language as SPIP calls it, as a tag: `pt_br` is pt-BR. What follows is left out where it is no country: `fr_tu` is French that
 * says tu, `oc_ni_la` a spelling of Occitan.
 */
export function langOf(text: TableValue | undefined): string {
  const [, lang = '', more = ''] = /^([a-z]{2,3})(?:[_-](.*))?$/i.exec(String(text ?? '')) ?? []
  return /^[a-z]{2}$/i.test(more) && more !== 'tu' ? `${lang}-${more}` : lang
}
