// What astro.config takes, and the types of the promises. Settings and other code of a site import `astro-mailshot/config`,
// which loads nothing of Astro.
export type { LayoutProps } from './campaign/layout.ts'
export type { FieldConfig, ListConfig, MailshotConfig, MailshotConfigInput } from './config.ts'
export type { ImportEntry, ImportSource } from './import.ts'
export { mailshot, mailshot as default, type MailshotOptions } from './integration.ts'
export type { Mailshot } from './mailshot.ts'
export type { Mailbox, Message, Outcome, Transport } from './transport.ts'
