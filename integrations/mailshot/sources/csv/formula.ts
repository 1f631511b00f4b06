// A spreadsheet takes a field that begins with one of these for a formula (OWASP, CSV Injection); the wide forms too.
const isFormula = /^'*[=+\-@\t\r\n＝＋－＠]/

/** Makes a field harmless to spreadsheets: what looks like a formula gets an apostrophe, and so does what looks so protected. */
export function protectFormula(text: string): string {
  return isFormula.test(text) ? `'${text}` : text
}

/** Takes that apostrophe away again. */
export function bareFormula(text: string): string {
  return text.startsWith("'") && isFormula.test(text) ? text.slice(1) : text
}
