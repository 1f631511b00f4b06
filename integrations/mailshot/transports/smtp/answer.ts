// The last form is the whole answer, without its code and status.
const idForms = [
  /\bqueued as <?([^\s<>]+)/i, // Postfix, smtp-server
  /\bid=<?([^\s<>]+)/i, // Exim
  /(<[^<>\s]+>)\s+\[InternalId=/i, // Exchange
  /^250 Ok ([0-9a-f]+(?:-[0-9a-f]+)+)$/i, // Amazon SES
  /\b250 2\.0\.0 (\S+) Message accepted/i, // Sendmail
  /^250[ -](?:\d\.\d+\.\d+ )?(.*)$/i,
]

/** The id that the relay gave a message in its 250 answer: what its log and its reports call it. */
export function acceptedId(response: string): string {
  const line = lastLine(response)
  for (const form of idForms) {
    const id = form.exec(line)?.[1]?.trim()
    if (id) return id
  }
  return line
}

/** The last line of an answer of several. */
export function lastLine(response: string): string {
  return response.trim().split(/\r?\n/).at(-1) ?? ''
}
