// What a site or another package may build on: the types of the promises, and the error that its mistakes throw.
export type { FieldConfig, ListConfig, MailshotConfig, MailshotConfigInput } from './config.ts'
export { MailshotError } from './error.ts'
export type { ImportEntry, ImportSource } from './import.ts'
export { type Mailshot, openMailshot, type OpenOptions } from './mailshot.ts'
export type { Mailbox, Message, Outcome, Transport } from './transport.ts'
