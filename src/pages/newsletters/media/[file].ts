import type { APIRoute } from 'astro'
import { listMedia } from '../../../archive.ts'

export const prerender = true

export async function getStaticPaths() {
  const media = await listMedia()
  return media.map(({ hash, ext, bytes }) => ({
    params: { file: `${hash}.${ext}` },
    props: { bytes },
  }))
}

export const GET: APIRoute<{ bytes: Uint8Array<ArrayBuffer> }> = ({ props }) =>
  new Response(props.bytes)
