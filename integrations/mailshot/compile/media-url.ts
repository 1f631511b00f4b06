import type { MailshotConfig } from '../config.ts'
import type { MediaFile } from './images.ts'

/** Where the site serves an image. */
export function mediaUrl(
  config: Pick<MailshotConfig, 'site' | 'base'>,
  { hash, ext }: Pick<MediaFile, 'hash' | 'ext'>,
): string {
  return `${config.site}${config.base}/media/${hash}.${ext}`
}
