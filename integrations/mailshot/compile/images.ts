import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { CampaignImages } from '../campaign/image-files.ts'
import type { MailshotConfig } from '../config.ts'
import { mediaUrl } from './media-url.ts'

/** An image as it is served at `<base>/media/<hash>.<ext>`. */
export interface MediaFile {
  /** Of the source's bytes and of what is done to them, so that every version of the encoder gives the same name. */
  hash: string
  type: string
  ext: string
  bytes: Uint8Array
}

export interface PreparedImage {
  media: MediaFile
  url: string
  /** As it is shown: at most as wide as a mail's text. */
  width: number
  height: number
}

/** An image by its reference in the source; a text says why it cannot be used. */
export type PreparedImages = Map<string, PreparedImage | string>

/**
 * Makes a campaign's images fit for mail: at most 1200 px wide, upright, without metadata, in a format that all clients
 * show. Each distinct one is encoded once for all campaigns of a config, as long as there is room to keep it.
 */
export function imagePreparer(
  config: MailshotConfig,
): (images: CampaignImages) => Promise<PreparedImages> {
  const shelf = shelves.get(config) ?? openShelf()
  shelves.set(config, shelf)
  return async (images) => {
    const entries = Object.entries(images).map(async ([reference, bytes]) => {
      const hash = createHash('sha256').update(treatment).update(bytes).digest('hex').slice(0, 32)
      return [reference, await shelf.take(hash, () => prepare(config, hash, bytes))] as const
    })
    return new Map(await Promise.all(entries))
  }
}

const shelves = new WeakMap<MailshotConfig, ReturnType<typeof openShelf>>()

/** What is kept of the images of a config; what was asked for longest ago goes first. */
const mostKeptBytes = 64e6

function openShelf() {
  const kept = new Map<string, { image: Promise<PreparedImage | string>; bytes: number }>()
  let total = 0
  const weigh = (hash: string, image: PreparedImage | string) => {
    const entry = kept.get(hash)
    // Taken off meanwhile.
    if (!entry) return
    entry.bytes = typeof image === 'string' ? image.length : image.media.bytes.byteLength
    total += entry.bytes
    for (const [oldest, { bytes }] of kept) {
      if (total <= mostKeptBytes) break
      kept.delete(oldest)
      total -= bytes
    }
  }
  return {
    take(hash: string, make: () => Promise<PreparedImage | string>) {
      const known = kept.get(hash)
      kept.delete(hash)
      const entry = known ?? { image: make(), bytes: 0 }
      kept.set(hash, entry)
      if (!known) void entry.image.then((image) => weigh(hash, image))
      return entry.image
    },
  }
}

const widest = 1200
/** The width of the text in the built-in layout: twice that is sharp on any screen. */
const shownWidest = 552
/** Changed with anything below that changes what is served. */
const treatment = `mailshot image 1, ${widest}px\n`

const formats: Record<string, { type: string; ext: string }> = {
  jpeg: { type: 'image/jpeg', ext: 'jpg' },
  png: { type: 'image/png', ext: 'png' },
  gif: { type: 'image/gif', ext: 'gif' },
}
const png = { type: 'image/png', ext: 'png' }

async function prepare(
  config: MailshotConfig,
  hash: string,
  bytes: Uint8Array,
): Promise<PreparedImage | string> {
  try {
    const metadata = await sharp(bytes).metadata()
    // What Outlook does not show (WebP, AVIF, SVG) becomes a PNG.
    const { type, ext } = formats[metadata.format] ?? png
    const { data, info } = await encode(bytes, ext)
    const height = info.pageHeight ?? info.height
    const width = Math.min(info.width, shownWidest)
    return {
      media: { hash, type, ext, bytes: new Uint8Array(data) },
      url: mediaUrl(config, { hash, ext }),
      width,
      height: Math.round((height * width) / info.width),
    }
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

function encode(bytes: Uint8Array, ext: string) {
  const image = sharp(bytes, { animated: ext === 'gif' })
    .autoOrient()
    .resize({ width: widest, withoutEnlargement: true })
  const encoded =
    ext === 'jpg'
      ? image.jpeg({ quality: 80, mozjpeg: true })
      : ext === 'gif'
        ? image.gif()
        : image.png({ compressionLevel: 9, palette: false })
  return encoded.toBuffer({ resolveWithObject: true })
}
