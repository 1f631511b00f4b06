/** A language as a file's name or front matter says it: `fr`, `pt-BR`, `zh-Hant` (RFC 5646, near enough). */
export const languageTag = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/
