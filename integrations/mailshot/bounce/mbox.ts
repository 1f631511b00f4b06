/** Divides a mailbox file into its mails (RFC 4155); any other file is one mail. */
export function splitMbox(raw: Buffer): Buffer[] {
  if (raw.toString('latin1', 0, 5) !== 'From ') return [raw]
  const mails: Buffer[] = []
  let start = 0
  for (const { index } of raw.toString('latin1').matchAll(nextMail)) {
    mails.push(raw.subarray(start, index))
    start = index
  }
  return [...mails, raw.subarray(start)]
}

/** Who sent it and when: `From zoe@example.org Thu Jul  2 12:05:05 2026`. */
const nextMail =
  /(?<=\n)From [^\s]{1,320} {1,2}[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d[^\n]{0,40}\n/g
