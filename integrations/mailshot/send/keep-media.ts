import { type SQL, sql } from 'drizzle-orm/sql'
import type { MediaFile } from '../compile.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'

/**
 * Refuses an image that shows something else than the one which is known by its name, while a send needs that one. A name
 * comes from the source's bytes, so that it is the same on every machine; what each encoder makes of them may differ a
 * little, and then the first is kept.
 *
 * @throws MailshotError that names the image and the send
 */
export async function requireSameImages(
  { db }: Mailshot,
  media: readonly MediaFile[],
): Promise<void> {
  for (const { hash, ext, type, bytes } of media) {
    const other = await db.get<{ bytes: ArrayBuffer }>(
      sql`SELECT bytes FROM media WHERE hash = ${hash} AND (type <> ${type} OR bytes <> ${bytes})`,
    )
    if (!other || (await looksAlike(new Uint8Array(other.bytes), bytes))) continue
    const send = await db.get<{ id: string }>(
      sql`SELECT id FROM sends WHERE ${needs(sql`${hash}`)} LIMIT 1`,
    )
    if (!send) continue
    throw new MailshotError(
      `media ${hash}.${ext}: send ${send.id} has another image under this name, and one of the two is wrong; ` +
        `cancel that send (mailshot cancel ${send.id}) if nobody has its mail yet, or save the image anew, ` +
        'so that it gets another name',
      { code: 'invalid' },
    )
  }
}

/** Keeps a send's images: in the place of what is known by the same name, unless a send needs that. */
export function mediaStatements(media: readonly MediaFile[], now: number): SQL[] {
  return media.map(
    ({ hash, type, bytes }) => sql`
      INSERT INTO media (hash, type, bytes, created_at) VALUES (${hash}, ${type}, ${bytes}, ${now})
      ON CONFLICT (hash) DO UPDATE SET type = excluded.type, bytes = excluded.bytes, created_at = excluded.created_at
      WHERE media.bytes <> excluded.bytes AND NOT EXISTS (SELECT 1 FROM sends WHERE ${needs(sql`media.hash`)})`,
  )
}

/** Whether a send shows an image, and has mailed it or may do so. */
function needs(hash: SQL): SQL {
  return sql`(status <> 'cancelled' OR sent + uncertain + failed > 0)
    AND EXISTS (SELECT 1 FROM snapshots WHERE snapshots.hash = sends.snapshot AND instr(compiled, ${hash}) > 0)`
}

/** How far apart two encodings of one picture may be at any place, of 255. */
const mostApart = 32

async function looksAlike(one: Uint8Array, other: Uint8Array): Promise<boolean> {
  const [a, b] = await Promise.all([pixelsOf(one), pixelsOf(other)])
  if (!a || !b || a.shape !== b.shape) return false
  return a.pixels.every((value, at) => Math.abs(value - (b.pixels[at] ?? 0)) <= mostApart)
}

/** A quarter as wide and high: what an encoder does to single pixels is lost, and another word in a picture is not. */
async function pixelsOf(bytes: Uint8Array) {
  // Heavy, and hardly ever needed.
  const { default: sharp } = await import('sharp')
  try {
    const image = sharp(bytes, { animated: true })
    const { width, height, format } = await image.metadata()
    const pixels = await image
      .ensureAlpha()
      .resize({ width: Math.ceil(width / 4) })
      .raw()
      .toBuffer()
    return { shape: `${format} ${width}×${height}`, pixels }
  } catch {
    return undefined
  }
}
