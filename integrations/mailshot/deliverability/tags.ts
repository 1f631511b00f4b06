/** The tags of a DKIM or DMARC record: `v=DMARC1; p=none` (RFC 6376 §3.2). Names in lower case. */
export function tagsOf(text: string): Map<string, string> {
  const pairs = text.split(';').flatMap((one): [string, string][] => {
    const at = one.indexOf('=')
    if (at < 0) return []
    return [[one.slice(0, at).trim().toLowerCase(), one.slice(at + 1).trim()]]
  })
  return new Map(pairs)
}
