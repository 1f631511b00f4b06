import type { Dns } from './dns.ts'
import { tagsOf } from './tags.ts'

/** What DMARC (RFC 9989) knows of a domain. */
export interface DmarcView {
  /** The domain that decides about alignment: that of the organisation. */
  organisation: string
  /** The record that holds for the domain, and where it stands; none is published otherwise. */
  record: { at: string; tags: Map<string, string> } | undefined
  /** Where several records stand, of which none counts. */
  doubled: string | undefined
  /** What stands where the domain's own record belongs, and is none. */
  garbled: string | undefined
}

const version = /^v\s*=\s*DMARC1\s*(?:;|$)/

/** Walks up the tree of names as RFC 9989 §4.10 says. Answers why, where DNS could not be asked. */
export async function viewDmarc(dns: Dns, domain: string): Promise<DmarcView | { failed: string }> {
  const found: { at: string; tags: Map<string, string> }[] = []
  let doubled: string | undefined
  let garbled: string | undefined
  for (const at of stepsFrom(domain)) {
    const answer = await dns.txt(`_dmarc.${at}`)
    if ('failed' in answer) return answer
    const records = answer.records.filter((text) => version.test(text))
    if (records.length > 1) doubled ??= at
    if (at === domain && records.length === 0) {
      garbled = answer.records.find((text) => /dmarc|\bp\s*=/i.test(text))
    }
    const [text] = records
    if (records.length !== 1 || text === undefined) continue
    const tags = tagsOf(text)
    found.push({ at, tags })
    if (tags.get('psd') === 'n' || tags.get('psd') === 'y') break
  }
  const organisation = organisationOf(domain, found)
  const record =
    found.find(({ at }) => at === domain) ??
    found.find(({ at }) => at === organisation) ??
    ofSuffix(found)
  return { organisation, record, doubled, garbled }
}

/** The domain itself, then each above it; of a very deep one only the last seven labels. */
export function stepsFrom(domain: string): string[] {
  const labels = domain.split('.')
  const above = labels.length > 8 ? labels.slice(-7) : labels.slice(1)
  return [domain, ...above.map((_, place) => above.slice(place).join('.'))]
}

function organisationOf(
  domain: string,
  found: { at: string; tags: Map<string, string> }[],
): string {
  const own = found.find(({ tags }) => tags.get('psd') === 'n')
  if (own) return own.at
  const suffix = found.find(({ at, tags }) => at !== domain && tags.get('psd') === 'y')
  if (suffix) {
    const labels = domain.split('.')
    return labels.slice(-suffix.at.split('.').length - 1).join('.')
  }
  // The one with the fewest labels comes last.
  return found.at(-1)?.at ?? domain
}

/** A registry's own record holds where the organisation below it has none. */
function ofSuffix(found: { at: string; tags: Map<string, string> }[]) {
  return found.find(({ tags }) => tags.get('psd') === 'y')
}

/** What receivers are asked to do with mail of the domain that fails; undefined where nothing is said. */
export function policyFor(domain: string, { record }: DmarcView): string | undefined {
  const p = record?.tags.get('p')
  return record?.at === domain ? p : (record?.tags.get('sp') ?? p)
}

/** Whether what authenticated a mail is close enough to its sender (RFC 9989 §4.4); `s` asks for the same domain. */
export async function isAligned(
  dns: Dns,
  {
    sender,
    other,
    mode,
  }: { sender: DmarcView & { domain: string }; other: string; mode: 'adkim' | 'aspf' },
): Promise<boolean> {
  if (sender.domain === other) return true
  if (sender.record?.tags.get(mode) === 's') return false
  const view = await viewDmarc(dns, other)
  return !('failed' in view) && view.organisation === sender.organisation
}
