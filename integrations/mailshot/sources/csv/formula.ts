// A spreadsheet takes a field that begins with one of these for a formula (OWASP, CSV Injection; ASVS 1.2.10); the wide forms too,
// and whatever cannot be seen may stand before.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const isFormula = /^'*(?:[\0\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u

/** Makes a field harmless to spreadsheets: what looks like a formula gets an apostrophe, and so does what looks so protected. */
export function protectFormula(text: string): string {
  return isFormula.test(text) ? `'${text}` : text
}

/** Takes that apostrophe away again. */
export function bareFormula(text: string): string {
  return text.startsWith("'") && isFormula.test(text) ? text.slice(1) : text
}
