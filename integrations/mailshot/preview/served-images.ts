import type { MediaFile } from '../compile.ts'
import { mediaUrl } from '../compile/media-url.ts'
import type { MailshotConfig } from '../config.ts'

/** Puts a campaign's images into its HTML: the site serves them only once it is deployed. */
export function withImagesInside(
  config: MailshotConfig,
  html: string,
  media: readonly MediaFile[],
): string {
  return media.reduce((text, file) => {
    const { type, bytes } = file
    const data = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
    return text.replaceAll(mediaUrl(config, file), data)
  }, html)
}

/** Takes the site's other images (`/logo.png`) from the server that shows the preview: its own may not have them yet. */
export function withLocalImages({ site }: Pick<MailshotConfig, 'site'>, html: string): string {
  const { origin } = new URL(site)
  return before.reduce((text, start) => text.replaceAll(`${start}${origin}/`, `${start}/`), html)
}

/** What an image's address stands behind. */
const before = ['src="', 'background="', 'url(', "url('", 'url("', 'url(&#39;', 'url(&quot;']
