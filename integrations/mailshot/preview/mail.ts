import type { CompiledCampaign, CompiledVariant, Template } from '../compile.ts'
import { escapeHtml } from '../compile/escape.ts'
import type { MailshotConfig } from '../config.ts'
import { composeSample, type Reader, variantFor } from '../message.ts'
import type { Message } from '../transport.ts'

/** A mail to look at. */
export interface ShownMail {
  variant: CompiledVariant
  subject: string
  /** Empty where the mail could not be rendered. */
  html: string
  text: string
  /** As it would be handed over, or why it cannot be composed: then its fields stand open. */
  message: Message | { failure: string }
}

/** Composes a campaign for a reader; where that fails, the mail is shown as far as it goes. */
export function composeForPreview(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  reader: Reader,
): ShownMail {
  const variant = variantFor(compiled, reader.lang)
  try {
    const message = composeSample(config, compiled, reader)
    const { subject, html, text } = message
    return { variant, subject, html, text, message }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return {
      variant,
      subject: unmerged(variant.subject),
      html: unmerged(variant.html),
      text: unmerged(variant.text),
      message: { failure },
    }
  }
}

function unmerged(template: Template): string {
  return template
    .map((part) => {
      if (typeof part === 'string') return part
      if ('tag' in part) return ''
      const written = `{{ ${part.output} }}`
      return part.escape === 'html' ? escapeHtml(written) : isAddress(part.escape) ? '' : written
    })
    .join('')
}

function isAddress(escape: string): boolean {
  return escape === 'url' || escape === 'url-part'
}
